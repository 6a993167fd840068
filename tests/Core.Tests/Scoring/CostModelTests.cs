using Fairway.Core.Scoring;

namespace Fairway.Core.Tests.Scoring;

public class CostModelTests
{
    private static readonly LoadSample Sample = new(Cpu: 0.5, MemoryGib: 2, InFlight: 3, LatencyMs: 40, Rps: 7, ErrorRate: 0.01);

    [Fact]
    public void Predict_Default_AddsItsTerms() =>
        Assert.Equal((34 * 0.5) + (0.5 * 2) + (15 * 3) + (0.41 * 40) + (1000 * 0.01), CostModel.Default.Predict(Sample), 9);

    [Theory]
    [InlineData("intercept", 1)]
    [InlineData("cpu", 0.5)]
    [InlineData("memoryGib", 2)]
    [InlineData("inFlight", 3)]
    [InlineData("latencyMs", 40)]
    [InlineData("rps", 7)]
    [InlineData("errorRate", 0.01)]
    public void With_EachName_ReplacesThatCoefficient(string name, double figure)
    {
        var names = CostModel.Default.Explain(Sample).Select(term => term.Name).ToList();
        var zero = CostModel.Default.With(names.ToDictionary(known => known, _ => 0.0));
        var model = zero.With(new Dictionary<string, double> { [name] = 100 });

        Assert.Equal(100 * figure, model.Predict(Sample), 9);
    }

    [Fact]
    public void With_UnknownNameOrNoNumber_IsIgnored() =>
        Assert.Equal(CostModel.Default, CostModel.Default.With(new Dictionary<string, double>
        {
            ["colour"] = 3, ["cpu"] = double.NaN, ["rps"] = double.PositiveInfinity,
        }));

    [Fact]
    public void Predict_BelowFloor_IsFloor()
    {
        var model = CostModel.Default with { Intercept = -1e9 };
        Assert.Equal(CostModel.FloorMs, model.Predict(Sample));
    }

    [Fact]
    public void Predict_FigureNotReported_AddsNothing() =>
        Assert.Equal(CostModel.Default.Predict(Sample) - (0.41 * 40), CostModel.Default.Predict(Sample with { LatencyMs = double.NaN }), 9);

    [Fact]
    public void Explain_Sample_SumsToThePrediction()
    {
        var terms = CostModel.Default.Explain(Sample with { Cpu = double.NaN });

        Assert.Equal(CostModel.Default.Predict(Sample with { Cpu = double.NaN }), terms.Sum(term => term.Ms), 9);
        Assert.Equal(7, terms.Length);
        Assert.Equal(0, terms.Single(term => term.Name == "cpu").Ms);
    }
}
