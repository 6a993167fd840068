using Fairway.Core.Balancing;
using Fairway.Core.Directory;
using Fairway.Testing;
using static Fairway.Core.Tests.Balancing.Callers;

namespace Fairway.Core.Tests.Balancing;

public class PolicyTests
{
    public static TheoryData<string> Names =>
    [
        "round-robin", "weighted-round-robin", "least-of-two", "peak-ewma", "best-of-list", "prequal", "weighted-random", "ring-hash", "scored",
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void Name_EachPolicy_IsTheFieldsName(string name) => Assert.Equal(name, Make(name).Name);

    [Theory]
    [MemberData(nameof(Names))]
    public void Pick_NobodyThere_IsNobody(string name) => Assert.Null(new Caller(Make(name)).Begin(TimeSpan.Zero));

    [Theory]
    [MemberData(nameof(Names))]
    public void Pick_AllTried_IsNobody(string name)
    {
        var caller = Caller(name, 3);

        Assert.Null(caller.Begin(TimeSpan.Zero, 0, caller.List.Endpoints));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Pick_AllButOneTried_IsThatOne(string name)
    {
        var caller = Caller(name, 5);
        var last = caller.List.Endpoints[3];
        Endpoint[] tried = [.. caller.List.Endpoints.ToArray().Where(endpoint => endpoint != last)];

        Assert.All(Enumerable.Range(0, 20), i => Assert.Same(last, caller.Begin(TimeSpan.Zero, (uint)i << 24, tried)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Pick_WeightOfZero_IsNeverPicked(string name)
    {
        var caller = new Caller(Make(name));
        caller.Update([View("a"), View("none", 0), View("b")], TimeSpan.Zero);

        Assert.DoesNotContain("none", Count(caller, 500).Keys);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Pick_AmongTenThousand_AllocatesNothing(string name)
    {
        var caller = Caller(name, 10_000);
        var targets = new Endpoint[4];
        void Pick(int times)
        {
            for (var i = 0; i < times; i++)
            {
                var now = TimeSpan.FromMilliseconds(i);
                var endpoint = caller.Begin(now, (uint)i * 2654435761)!;
                caller.Policy.ChooseProbes(now, targets);
                caller.End(endpoint, new Outcome(20, Failed: false), now);
                caller.Report(endpoint, new LoadReport(i % 5, 20), now);
            }
        }

        Pick(1_000);
        Assert.Equal(0, Allocations.Least(() => Pick(10_000)));
    }

    [Fact]
    public void RoundRobin_ManyPicks_GivesAllTheSame()
    {
        var counts = Count(Caller("round-robin", 4), 400);

        Assert.All(counts.Values, count => Assert.Equal(100, count));
    }

    [Fact]
    public void WeightedRandom_OperatorsWeights_AreTheShares()
    {
        var caller = new Caller(Make("weighted-random"));
        caller.Update([View("a", 3), View("b")], TimeSpan.Zero);

        Assert.InRange(Count(caller, 10_000)["a"], 7_300, 7_700);
    }

    [Fact]
    public void WeightedRoundRobin_OneTwiceAsBusyForItsRequests_GetsHalf()
    {
        var caller = new Caller(Make("weighted-round-robin"));
        caller.Update([Busy("a", 100, 0.5), Busy("b", 100, 1), Busy("c", 100, 0.5)], TimeSpan.Zero);

        var counts = Count(caller, 5_000);

        Assert.InRange(counts["b"] / (double)counts["a"], 0.48, 0.52);
    }

    [Fact]
    public void LeastOfTwo_OneWithRequestsUnderWay_IsLeftAlone()
    {
        var caller = Caller("least-of-two", 2);
        var busy = caller.List.Endpoints[0];
        caller.Begin(busy);

        Assert.DoesNotContain(busy.Id, Count(caller, 100).Keys);
    }

    [Fact]
    public void PeakEwma_SlowAnswer_CountsAtOnceAndFades()
    {
        var caller = Caller("peak-ewma", 2);
        var (slow, fast) = (caller.List.Endpoints[0], caller.List.Endpoints[1]);
        caller.Begin(slow);
        caller.End(slow, new Outcome(500, Failed: false), At(1));
        caller.Begin(fast);
        caller.End(fast, new Outcome(10, Failed: false), At(1));

        Assert.Equal(500, slow.PeakMs);
        Assert.Same(fast, caller.Begin(At(1)));
        caller.Begin(slow);
        caller.End(slow, new Outcome(10, Failed: false), At(31));
        Assert.InRange(slow.PeakMs, 30, 40);
    }

    [Fact]
    public void Prequal_ColdAndFastOfThePool_IsPicked()
    {
        var caller = Caller("prequal", 30);
        var list = caller.List;
        for (var i = 0; i < 10; i++)
        {
            caller.Report(list[i], new LoadReport(i == 3 ? 1 : 2, i == 5 ? 10 : 50), At(1)); // one is the least busy, another the fastest
        }

        Assert.Same(list[5], caller.Begin(At(1.1)));
    }

    [Fact]
    public void Prequal_ReportsTooOld_PicksAtRandom()
    {
        var caller = Caller("prequal", 30);
        for (var i = 0; i < 10; i++)
        {
            caller.Report(caller.List[i], new LoadReport(1, 10), At(1));
        }

        Assert.Contains(Enumerable.Range(0, 30), _ => int.Parse(caller.Begin(At(2.1))!.Id["orders-".Length..], System.Globalization.CultureInfo.InvariantCulture) >= 10);
    }

    [Fact]
    public void Prequal_EachQuery_ProbesThreeDifferentOnes()
    {
        var caller = Caller("prequal", 4);
        var targets = new Endpoint[8];

        Assert.All(Enumerable.Range(0, 50), _ =>
        {
            Assert.Equal(3, caller.Policy.ChooseProbes(TimeSpan.Zero, targets));
            Assert.Equal(3, targets.Take(3).Distinct().Count());
        });
    }

    [Fact]
    public void Scored_AnyQuery_ProbesNobody() => Assert.Equal(0, Caller("scored", 4).Policy.ChooseProbes(TimeSpan.Zero, new Endpoint[8]));

    internal static IBalancer Make(string name)
    {
        var draws = new SeededDraws(11);
        return name switch
        {
            "round-robin" => new RoundRobin(draws),
            "weighted-round-robin" => new WeightedRoundRobin(draws),
            "least-of-two" => new LeastOfTwo(draws),
            "peak-ewma" => new PeakEwma(draws),
            "best-of-list" => new BestOfList(draws),
            "prequal" => new Prequal(draws),
            "weighted-random" => new WeightedRandom(draws),
            "ring-hash" => new RingHash(),
            _ => new Scored(draws),
        };
    }

    private static Caller Caller(string name, int count)
    {
        var caller = new Caller(Make(name));
        caller.Update(Views(count), TimeSpan.Zero);
        return caller;
    }

    private static InstanceView Busy(string id, double rps, double cpu) => View(id, rps: rps) with { Cpu = cpu };
}
