using Fairway.Backend;

namespace Fairway.Sdk.Tests.Backend;

/// <summary>Alone, since the processor time measured is that of the whole process.</summary>
[CollectionDefinition(nameof(BurnerTests), DisableParallelization = true)]
[Collection(nameof(BurnerTests))]
public sealed class BurnerTests
{
    [Fact]
    public void Burn_TwiceTheAmount_CostsAboutTwiceTheProcessor()
    {
        Burner.Burn(5);
        var once = Measure(40);
        var twice = Measure(80);

        Assert.InRange(once, 15, 400);
        Assert.InRange(twice / once, 1.4, 2.8);

        static double Measure(double milliseconds) => Enumerable.Range(0, 5).Min(_ =>
        {
            var before = Environment.CpuUsage.TotalTime;
            Burner.Burn(milliseconds);
            return (Environment.CpuUsage.TotalTime - before).TotalMilliseconds;
        });
    }
}
