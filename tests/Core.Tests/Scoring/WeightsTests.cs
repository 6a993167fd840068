using Fairway.Core.Scoring;

namespace Fairway.Core.Tests.Scoring;

public class WeightsTests
{
    private static readonly WeightOptions Options = WeightOptions.Default;

    [Theory]
    [InlineData(10, 10, 1)]
    [InlineData(5, 10, 2)]
    [InlineData(20, 10, 0.5)]
    [InlineData(1, 10, 4)]
    [InlineData(1000, 10, 0.1)]
    public void FromCost_Table_IsMedianOverCostClamped(double cost, double median, double weight) =>
        Assert.Equal(weight, Weights.FromCost(cost, median, Options), 12);

    [Theory]
    [InlineData(0, 1, 4)] // fresh
    [InlineData(2, 1, 4)] // two intervals are fresh still
    [InlineData(7, 1, 2.5)] // five more: half the distance to 1
    [InlineData(12, 1, 1.75)]
    [InlineData(20, 10, 4)] // a slow reporter ages by its own interval
    [InlineData(70, 10, 2.5)]
    [InlineData(7, 0.01, 2.5)] // never by less than the shortest interval
    public void Decayed_Table_HalvesTheDistanceToOne(double ageSeconds, double intervalSeconds, double weight) =>
        Assert.Equal(weight, Weights.Decayed(4, TimeSpan.FromSeconds(ageSeconds), TimeSpan.FromSeconds(intervalSeconds), Options), 9);

    [Fact]
    public void Decayed_LowWeight_RisesToOne() =>
        Assert.Equal(1, Weights.Decayed(0.1, TimeSpan.FromHours(1), TimeSpan.FromSeconds(1), Options), 6);

    [Fact]
    public void Smoothed_OneTimeConstant_Does63Percent() =>
        Assert.Equal(1 + (1 - Math.Exp(-1)), Weights.Smoothed(1, 2, Options.Smoothing, Options), 12);

    [Fact]
    public void Smoothed_ManySmallSteps_EqualOneLarge()
    {
        var small = 1.0;
        for (var i = 0; i < 100; i++)
        {
            small = Weights.Smoothed(small, 4, TimeSpan.FromMilliseconds(30), Options);
        }

        Assert.Equal(Weights.Smoothed(1, 4, TimeSpan.FromSeconds(3), Options), small, 9);
    }

    [Theory]
    [InlineData(0, 0.1)]
    [InlineData(15, 1.05)]
    [InlineData(30, 2)]
    [InlineData(99, 2)]
    public void Warmed_Table_RisesInALine(double seconds, double weight) =>
        Assert.Equal(weight, Weights.Warmed(2, TimeSpan.FromSeconds(seconds), Options), 12);
}
