using Fairway.Core.Scoring;

namespace Fairway.Core.Tests.Scoring;

public class LaneScorerTests
{
    private static readonly WeightOptions Options = WeightOptions.Default;
    private static readonly LoadSample Good = new(0.2, 0.5, 2, 20, 100, 0);

    /// <summary>Cost is the latency alone, so that the tables can be read.</summary>
    private static readonly CostModel Latency = new() { Cpu = 0, MemoryGib = 0, InFlight = 0, LatencyMs = 1, ErrorRate = 0 };

    [Theory]
    [InlineData("10 20 40", "2 1 0.5")]
    [InlineData("10 1000", "1 0.1")] // of two, the better one is the measure
    [InlineData("7", "1")]
    [InlineData("1 10 10 10 10000", "4 1 1 1 0.1")]
    [InlineData("10 ? 40", "1 1 0.25")] // never sampled: neutral, and no measure
    [InlineData("? ?", "1 1")]
    public void Score_Latencies_GiveWeights(string latencies, string weights)
    {
        var contenders = latencies.Split(' ').Select(text => new Contender
        {
            Means = Good with { LatencyMs = text == "?" ? double.NaN : double.Parse(text) }, IsSampled = text != "?", IsPeer = true,
        }).ToArray();

        new LaneScorer(Latency, Options).Score(contenders);

        Assert.Equal(weights.Split(' ').Select(double.Parse), contenders.Select(contender => Math.Round(contender.Weight, 9)));
    }

    [Theory]
    [InlineData("random")]
    [InlineData("sorted")]
    [InlineData("reversed")]
    [InlineData("organ pipe")]
    [InlineData("equal")]
    public void Score_ManyInAnyOrder_MeasuresByTheLowerMedian(string order)
    {
        var random = new Random(1);
        for (var count = 1; count < 300; count += 7)
        {
            var contenders = Enumerable.Range(0, count).Select(i => new Contender
            {
                Means = Good with
                {
                    LatencyMs = 20 + order switch
                    {
                        "sorted" => i,
                        "reversed" => count - i,
                        "organ pipe" => Math.Min(i, count - i),
                        "equal" => 0,
                        _ => random.Next(100),
                    },
                },
                IsSampled = true,
                IsPeer = true,
            }).ToArray();
            var median = contenders.Select(contender => contender.Means.LatencyMs).Order().ElementAt((count - 1) / 2);

            new LaneScorer(Latency, Options).Score(contenders);

            Assert.All(contenders, contender =>
                Assert.Equal(Math.Clamp(median / contender.Means.LatencyMs, 0.1, 4), contender.Weight, 9));
        }
    }

    [Theory]
    [InlineData(20)]
    [InlineData(5000)]
    public void Score_FailsAlwaysAtNoLatency_IsAtTheFloor(double peersLatency)
    {
        var good = Good with { LatencyMs = peersLatency };
        var failing = new LoadSample(0, 0, 0, 0, 500, 1);
        foreach (var means in (LoadSample[][])[[failing, good], [failing, good, good], [failing, failing, good], [failing, good, good, good]])
        {
            var contenders = Contenders(means);
            new LaneScorer(CostModel.Default, Options).Score(contenders);
            Assert.Equal(Options.Floor, contenders[0].Weight);
            Assert.Equal(1, contenders[^1].Weight, 9);
        }
    }

    [Fact]
    public void Score_MoreErrors_NeverRaiseTheWeight()
    {
        var last = double.MaxValue;
        for (var rate = 0.0; rate <= 1; rate += 0.01)
        {
            var contenders = Contenders(Good with { ErrorRate = rate, LatencyMs = 20 * (1 - rate) }, Good, Good);
            new LaneScorer(CostModel.Default, Options).Score(contenders);
            Assert.True(contenders[0].Weight <= last, $"at {rate}");
            last = contenders[0].Weight;
        }
    }

    [Fact]
    public void Score_AllFailAlike_AllWeighOne()
    {
        var contenders = Contenders(Good with { ErrorRate = 1 }, Good with { ErrorRate = 1 });
        new LaneScorer(CostModel.Default, Options).Score(contenders);
        Assert.All(contenders, contender => Assert.Equal(1, contender.Weight));
    }

    [Fact]
    public void Score_FigureOnlyOneLacks_CountsAsItsPeersMedian()
    {
        var contenders = Contenders(Good with { LatencyMs = double.NaN }, Good with { LatencyMs = 10 }, Good with { LatencyMs = 20 }, Good with { LatencyMs = 90 });
        new LaneScorer(Latency, Options).Score(contenders);
        Assert.Equal(20, contenders[0].Score);
        Assert.Equal(1, contenders[0].Weight);
    }

    [Fact]
    public void Score_NotAPeer_IsMeasuredButMeasuresNobody()
    {
        var contenders = Contenders(Good with { LatencyMs = 1 }, Good with { LatencyMs = 1 }, Good with { LatencyMs = 10 });
        contenders[0].IsPeer = contenders[1].IsPeer = false;
        new LaneScorer(Latency, Options).Score(contenders);
        Assert.Equal([4, 4, 1], contenders.Select(contender => contender.Weight));
    }

    [Fact]
    public void Score_RandomLanes_StayWithinBoundsAroundOne()
    {
        var random = new Random(7);
        var scorer = new LaneScorer(CostModel.Default, Options);
        for (var round = 0; round < 2000; round++)
        {
            double Figure(double scale) => random.Next(5) == 0 ? double.NaN : random.NextDouble() * scale;
            var contenders = Enumerable.Range(0, random.Next(1, 12)).Select(_ => new Contender
            {
                Means = new LoadSample(Figure(2), Figure(8), Figure(50), Figure(500), Figure(1000), Figure(1)),
                IsSampled = random.Next(6) > 0,
                IsPeer = random.Next(4) > 0,
            }).ToArray();

            scorer.Score(contenders);

            Assert.All(contenders, contender => Assert.InRange(contender.Weight, Options.Floor, Options.Ceiling));
            if (contenders.Any(contender => contender.IsSampled))
            {
                Assert.Contains(contenders, contender => contender.IsSampled && Math.Abs(contender.Weight - 1) < 1e-9);
            }
        }
    }

    private static Contender[] Contenders(params LoadSample[] means) =>
        [.. means.Select(sample => new Contender { Means = sample, IsSampled = true, IsPeer = true })];
}
