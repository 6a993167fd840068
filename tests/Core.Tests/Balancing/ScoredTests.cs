using Fairway.Core.Balancing;
using Fairway.Core.Directory;
using static Fairway.Core.Tests.Balancing.Callers;

namespace Fairway.Core.Tests.Balancing;

public class ScoredTests
{
    [Fact]
    public void Pick_NothingGoingOn_SharesByWeight()
    {
        var caller = Make(View("a", 3), View("b"));

        var counts = Count(caller, 4_000);

        Assert.InRange(counts["a"], 2_900, 3_100);
    }

    [Fact]
    public void Pick_OneCallerAtATimeWithReports_StaysWithNobody()
    {
        var caller = Make(Views(3));
        var counts = new Dictionary<string, int>();
        for (var i = 0; i < 3_000; i++)
        {
            var endpoint = caller.Begin(At(i * 0.01))!;
            counts[endpoint.Id] = counts.GetValueOrDefault(endpoint.Id) + 1;
            caller.Report(endpoint, new LoadReport(1), At(i * 0.01)); // the request that is being answered
            caller.End(endpoint, new Outcome(5, Failed: false), At(i * 0.01));
        }

        Assert.All(counts.Values, count => Assert.InRange(count, 800, 1_200));
    }

    [Fact]
    public void Pick_HotOne_IsAvoided()
    {
        var caller = Make(View("a", inFlight: 1), View("b", inFlight: 1), View("c", inFlight: 1), View("d", inFlight: 1), View("e", inFlight: 1), View("hot", inFlight: 50), View("f", inFlight: 1));

        var counts = Count(caller, 2_000);

        // Only where it was drawn twice.
        Assert.InRange(counts.GetValueOrDefault("hot"), 5, 100);
    }

    [Fact]
    public void Pick_AnswerWithLessInFlight_GetsTheRequestOnce()
    {
        var caller = Make(View("a", inFlight: 9), View("b", inFlight: 9), View("c", inFlight: 9));
        var idle = caller.List.Endpoints[2];
        caller.Report(idle, new LoadReport(2), At(1));
        idle.Report(9, At(1)); // so that only the answer speaks for it

        Assert.Same(idle, caller.Begin(At(1.1)));
        var next = Enumerable.Range(0, 20).Select(_ => caller.Begin(At(1.1))!.Id).ToArray();
        Assert.Contains("a", next);
        Assert.Contains("b", next);
    }

    [Fact]
    public void Pick_OldAnswer_CountsNoMore()
    {
        var caller = Make(View("a", inFlight: 9), View("b", inFlight: 9));
        var idle = caller.List.Endpoints[1];
        caller.Report(idle, new LoadReport(0), At(1));
        idle.Report(9, At(1));

        var picked = Enumerable.Range(0, 20).Select(_ => caller.Begin(At(1.6))!.Id).Distinct();

        Assert.Equal(2, picked.Count());
    }

    [Fact]
    public void Pick_HalfTwiceAsSlow_GoesToTheFast()
    {
        var caller = Make([.. Enumerable.Range(0, 10).Select(i => View($"{(i % 2 == 0 ? "fast" : "slow")}-{i}", latencyMs: i % 2 == 0 ? 10 : 20, rps: 50))]);

        var counts = Count(caller, 5_000);

        Assert.InRange(counts.Where(pair => pair.Key.StartsWith("slow", StringComparison.Ordinal)).Sum(pair => pair.Value), 10, 500);
    }

    [Fact]
    public void Update_SlowOneThatNobodyAsks_IsTriedAgain()
    {
        var caller = Make(View("a", latencyMs: 10, rps: 50), View("b", latencyMs: 10, rps: 50), View("c", latencyMs: 2_000, rps: 50));
        Assert.Equal(0.01, caller.List.Endpoints[2].Preference);

        for (var second = 1; second <= 30; second++)
        {
            caller.Update([View("a", latencyMs: 10, rps: 50), View("b", latencyMs: 10, rps: 50), View("c", latencyMs: 2_000, rps: 0)], At(second));
        }

        Assert.Equal(1, caller.List.Endpoints[2].Preference);
    }

    [Fact]
    public void Update_FastByAHandfulOfRequests_IsNotBelieved()
    {
        var caller = Make(View("a", latencyMs: 10, rps: 50), View("b", latencyMs: 28, rps: 1));

        caller.Update([View("a", latencyMs: 10, rps: 50), View("b", latencyMs: 5, rps: 1)], At(1));

        Assert.InRange(caller.List.Endpoints[1].TypicalMs, 26, 28.5);
    }

    [Fact]
    public void Update_AnswerOfOneThatLeft_IsForgotten()
    {
        var caller = Make(View("a", inFlight: 9), View("b", inFlight: 9));
        caller.Report(caller.List.Endpoints[1], new LoadReport(0), At(1));

        caller.Update([View("a", inFlight: 9)], At(1));

        Assert.All(Enumerable.Range(0, 10), _ => Assert.Equal("a", caller.Begin(At(1.1))!.Id));
    }

    private static Caller Make(params InstanceView[] views)
    {
        var caller = new Caller(new Scored(new SeededDraws(7)));
        caller.Update(views, TimeSpan.Zero);
        return caller;
    }
}
