using Orleans.Concurrency;

namespace Fairway.LocalSilo.Tests;

[Alias("test.IChainGrain")]
public interface IChainGrain : IGrainWithStringKey
{
    /// <summary>Calls <paramref name="other"/>, which calls back.</summary>
    [Alias("There")]
    Task<string> There(IChainGrain other);

    [Alias("ThereAllowing")]
    Task<string> ThereAllowing(IChainGrain other);

    [Alias("ThereSuppressing")]
    Task<string> ThereSuppressing(IChainGrain other);

    [Alias("Back")]
    Task<string> Back(IChainGrain first);

    [Alias("Name")]
    Task<string> Name();

    [Alias("Self")]
    Task<IChainGrain> Self();

    [Alias("SetThenAsk")]
    Task<string> SetThenAsk(IChainGrain other, string value);

    [Alias("Label")]
    Task<string?> Label();

    [Alias("SetLabel")]
    Task SetLabel(string value);

    [Alias("Held")]
    [AlwaysInterleave]
    Task<string?> HeldLabel(string gate);
}

internal sealed class ChainGrain(Probe probe) : Grain, IChainGrain
{
    public async Task<string> There(IChainGrain other)
    {
        try
        {
            return await other.Back(this.AsReference<IChainGrain>());
        }
        finally
        {
            probe.Note("unwound " + this.GetPrimaryKeyString());
        }
    }

    public async Task<string> ThereAllowing(IChainGrain other)
    {
        using var _ = RequestContext.AllowCallChainReentrancy();
        return await other.Back(this.AsReference<IChainGrain>());
    }

    public async Task<string> ThereSuppressing(IChainGrain other)
    {
        using var _ = RequestContext.AllowCallChainReentrancy();
        using var __ = RequestContext.SuppressCallChainReentrancy();
        return await other.Back(this.AsReference<IChainGrain>());
    }

    public async Task<string> Back(IChainGrain first)
    {
        var name = first.Name();
        probe.Note("back");
        return $"{await name} by {this.GetPrimaryKeyString()}";
    }

    public Task<string> Name() => Task.FromResult(this.GetPrimaryKeyString());

    public Task<IChainGrain> Self() => Task.FromResult<IChainGrain>(this);

    public async Task<string> SetThenAsk(IChainGrain other, string value)
    {
        RequestContext.Set("label", value);
        var there = await other.Label();
        await other.SetLabel("changed below");
        return $"{there}, then {RequestContext.Get("label")}";
    }

    public Task<string?> Label() => Task.FromResult((string?)RequestContext.Get("label"));

    public Task SetLabel(string value)
    {
        RequestContext.Set("label", value);
        return Task.CompletedTask;
    }

    public async Task<string?> HeldLabel(string gate)
    {
        await probe.Pass(gate);
        return (string?)RequestContext.Get("label");
    }
}
