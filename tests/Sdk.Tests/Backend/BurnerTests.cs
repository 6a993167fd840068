using Fairway.Backend;

namespace Fairway.Sdk.Tests.Backend;

/// <summary>Alone, since the processor time measured is that of the whole process.</summary>
[CollectionDefinition(nameof(BurnerTests), DisableParallelization = true)]
[Collection(nameof(BurnerTests))]
public sealed class BurnerTests
{
    [Fact]
    public void Burn_TenTimesTheAmount_CostsMuchMoreProcessorTime()
    {
        Burner.Burn(5);
        var little = Measure(20);
        var much = Measure(200);

        Assert.InRange(little, 5, 500);
        Assert.InRange(much / little, 3, 30); // wide: the machine's other guests slow either down

        static double Measure(double milliseconds) => Enumerable.Range(0, 3).Min(_ =>
        {
            var before = Environment.CpuUsage.TotalTime;
            Burner.Burn(milliseconds);
            return (Environment.CpuUsage.TotalTime - before).TotalMilliseconds;
        });
    }
}
