namespace Fairway.LocalSilo.Tests;

[Alias("test.IStayingGrain")]
public interface IStayingGrain : IGrainWithStringKey
{
    [Alias("Touch")]
    Task Touch();
}

[KeepAlive]
internal sealed class StayingGrain(Probe probe) : Grain, IStayingGrain
{
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        probe.Note($"{this.GetPrimaryKeyString()} on");
        return Task.CompletedTask;
    }

    public Task Touch() => Task.CompletedTask;
}

[Alias("test.IFragileGrain")]
public interface IFragileGrain : IGrainWithStringKey
{
    [Alias("Touch")]
    Task Touch();
}

internal sealed class FragileGrain(Probe probe) : Grain, IFragileGrain
{
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        if (!probe.Events.Contains("may activate"))
        {
            throw new InvalidOperationException("not yet");
        }
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        probe.Note("off");
        return Task.CompletedTask;
    }

    public Task Touch() => Task.CompletedTask;
}
