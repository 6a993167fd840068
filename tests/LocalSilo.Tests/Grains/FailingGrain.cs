using Microsoft.Extensions.DependencyInjection;

namespace Fairway.LocalSilo.Tests;

[Alias("test.IFailingGrain")]
public interface IFailingGrain : IGrainWithStringKey
{
    [Alias("Refuse")]
    Task Refuse(string why);

    [Alias("ThrowAtOnce")]
    Task ThrowAtOnce();

    [Alias("ThrowValue")]
    ValueTask ThrowValue();

    [Alias("One")]
    ValueTask<int> One();

    [Alias("Impatient")]
    [ResponseTimeout("00:00:02")]
    Task Impatient(string gate);

    [Alias("WhereAmI")]
    Task<string> WhereAmI();
}

[GenerateSerializer]
[Alias("test.RefusedException")]
public sealed class RefusedException(string message) : Exception(message);

internal sealed class FailingGrain(Probe probe) : Grain, IFailingGrain
{
    public async Task Refuse(string why)
    {
        await Task.Yield();
        throw new RefusedException(why);
    }

    public Task ThrowAtOnce() => throw new ArgumentException("at once");

    public ValueTask ThrowValue() => throw new InvalidOperationException("value");

    public ValueTask<int> One() => new(1);

    public Task Impatient(string gate)
    {
        probe.Note("impatient");
        return probe.Pass(gate);
    }

    public async Task<string> WhereAmI()
    {
        var accessor = ServiceProvider.GetRequiredService<IGrainContextAccessor>();
        var before = Where();
        var beside = await Task.Run(Where);
        return $"{before}, {beside}, {Where()}";

        string Where() => ReferenceEquals(accessor.GrainContext, GrainContext) ? "inside" : "outside";
    }
}

[Alias("test.INobodysGrain")]
public interface INobodysGrain : IGrainWithStringKey
{
    [Alias("Touch")]
    Task Touch();
}

[Alias("test.IShapeGrain")]
public interface IShapeGrain : IGrainWithStringKey
{
    [Alias("Shape")]
    Task<string> Shape();
}

internal sealed class RoundGrain : Grain, IShapeGrain
{
    public Task<string> Shape() => Task.FromResult("round");
}

internal sealed class SquareGrain : Grain, IShapeGrain
{
    public Task<string> Shape() => Task.FromResult("square");
}
