using Fairway.Core.Balancing;
using static Fairway.Core.Tests.Balancing.Callers;

namespace Fairway.Core.Tests.Balancing;

public class CallerTests
{
    [Fact]
    public void Update_SameInstance_KeepsItsFigures()
    {
        var caller = Make(View("a"), View("b"));
        var a = caller.List.Endpoints[0];
        caller.Begin(a);

        caller.Update([View("b"), View("a", 2)], At(1));

        Assert.Same(a, caller.List.Endpoints[1]);
        Assert.Equal(1, a.InFlight);
        Assert.Equal(2, a.View.Weight);
    }

    [Fact]
    public void Update_SameNameAtAnotherAddress_StartsAnew()
    {
        var caller = Make(View("a"));
        var before = caller.List.Endpoints[0];

        caller.Update([View("a") with { Address = "elsewhere:80" }], At(1));

        Assert.NotSame(before, caller.List.Endpoints[0]);
    }

    [Fact]
    public void Update_ListOlderThanTheReportInBand_DoesNotReplaceIt()
    {
        var caller = Make(View("a", inFlight: 1));
        var a = caller.List.Endpoints[0];
        caller.Report(a, new LoadReport(9), At(5));

        caller.Update([View("a", inFlight: 2) with { AgeMs = 2_000 }], At(6));
        Assert.Equal(9, a.Reported);

        caller.Update([View("a", inFlight: 3) with { AgeMs = 500 }], At(6));
        Assert.Equal(3, a.Reported);
    }

    [Fact]
    public void End_ThreeFailuresInARow_PutsItOutForFiveSeconds()
    {
        var caller = Make(Views(4));
        var bad = caller.List.Endpoints[0];
        Fail(caller, bad, 1);
        Fail(caller, bad, 1);
        Assert.False(bad.IsOut(At(1)));

        Fail(caller, bad, 1);

        Assert.True(bad.IsOut(At(5.9)));
        Assert.DoesNotContain(bad.Id, Count(caller, 200, 5.9).Keys);
        Assert.Contains(bad.Id, Count(caller, 200, 6.1).Keys);
    }

    [Fact]
    public void End_SuccessInBetween_StartsTheCountAnew()
    {
        var caller = Make(Views(4));
        var shaky = caller.List.Endpoints[0];
        for (var i = 0; i < 10; i++)
        {
            Fail(caller, shaky, 1);
            Fail(caller, shaky, 1);
            caller.Begin(shaky);
            caller.End(shaky, new Outcome(1, Failed: false), At(1));
        }

        Assert.False(shaky.IsOut(At(1)));
    }

    [Fact]
    public void End_FailsAgainAfterItsTime_IsOutForLonger()
    {
        var caller = Make(Views(4));
        var bad = caller.List.Endpoints[0];
        for (var i = 0; i < 3; i++)
        {
            Fail(caller, bad, 0);
        }

        Fail(caller, bad, 6);

        Assert.True(bad.IsOut(At(15.9)));
        Assert.False(bad.IsOut(At(16.1)));
    }

    [Fact]
    public void End_Unreachable_IsOutAtOnce()
    {
        var caller = Make(Views(4));
        var dead = caller.List.Endpoints[0];

        Fail(caller, dead, 1, unreachable: true);

        Assert.True(dead.IsOut(At(1)));
    }

    [Fact]
    public void End_AllFail_AtMostHalfAreOut()
    {
        var caller = Make(Views(6));
        foreach (var endpoint in caller.List.Endpoints)
        {
            for (var i = 0; i < 5; i++)
            {
                Fail(caller, endpoint, 1);
            }
        }

        Assert.Equal(3, caller.List.Endpoints.ToArray().Count(endpoint => endpoint.IsOut(At(1))));
    }

    [Fact]
    public void End_NoneCanBeReached_AllButOneAreOut()
    {
        var caller = Make(Views(6));
        foreach (var endpoint in caller.List.Endpoints)
        {
            Fail(caller, endpoint, 1, unreachable: true);
        }

        Assert.Equal(5, caller.List.Endpoints.ToArray().Count(endpoint => endpoint.IsOut(At(1))));
    }

    [Fact]
    public void MayRetry_EverythingFails_AddsAFifthAndNoMore()
    {
        var caller = Make(Views(2));
        var granted = 0;
        for (var i = 0; i < 10_000; i++)
        {
            var now = At(i * 0.001);
            caller.End(caller.Begin(now)!, new Outcome(1, Failed: true), now);
            granted += caller.MayRetry(now) ? 1 : 0;
        }

        Assert.InRange(granted, 1_990, 2_000 + 30 + 31); // a fifth, what was there at the start, and 3 a second
    }

    [Fact]
    public void MayRetry_FewRequests_IsGrantedAFewASecond()
    {
        var caller = Make(Views(2));
        for (var i = 0; i < 200; i++)
        {
            caller.MayRetry(TimeSpan.Zero);
        }

        Assert.False(caller.MayRetry(At(0.1)));
        Assert.True(caller.MayRetry(At(1)));
    }

    [Fact]
    public void Begin_OwnZoneSuffices_StaysThere()
    {
        var caller = Make("a", View("a1", zone: "a"), View("a2", zone: "a"), View("b1", zone: "b"), View("b2", zone: "b"));

        Assert.Equal(["a1", "a2"], Count(caller, 500).Keys.Order());
    }

    [Fact]
    public void Begin_OwnZoneIsOut_GoesToTheOthers()
    {
        var caller = Make("a", View("a1", zone: "a"), View("a2", zone: "a"), View("b1", zone: "b"), View("b2", zone: "b"));
        foreach (var endpoint in caller.List.Endpoints.ToArray().Where(endpoint => endpoint.View.Zone == "a"))
        {
            Fail(caller, endpoint, 1, unreachable: true);
        }

        Assert.All(Count(caller, 100, 1).Keys, id => Assert.StartsWith("b", id, StringComparison.Ordinal));
    }

    [Fact]
    public void Begin_AgainAfterAFailure_LeavesTheZoneOfIt()
    {
        var caller = Make("a", View("a1", zone: "a"), View("a2", zone: "a"), View("a3", zone: "a"), View("b1", zone: "b"), View("c1", zone: "c"));

        for (var i = 0; i < 50; i++)
        {
            var first = caller.Begin(At(1))!;
            var second = caller.Begin(At(1), tried: [first], again: true)!;
            var third = caller.Begin(At(1), tried: [first, second], again: true)!;

            Assert.Equal(["a", "b", "c"], new[] { first, second, third }.Select(endpoint => endpoint.View.Zone).Order());
        }
    }

    [Fact]
    public void Begin_AgainWithoutAnotherZone_StaysInIt()
    {
        var caller = Make("a", View("a1", zone: "a"), View("a2", zone: "a"), View("b1", zone: "b"));
        var endpoints = caller.List.Endpoints.ToArray();
        Fail(caller, endpoints[2], 1, unreachable: true);

        Assert.Same(endpoints[1], caller.Begin(At(1), tried: [endpoints[0]], again: true));
    }

    [Fact]
    public void Begin_AgainOfACallerWithoutZone_GoesAnywhere()
    {
        var caller = Make("", View("a1", zone: "a"), View("a2", zone: "a"));
        var endpoints = caller.List.Endpoints.ToArray();

        Assert.Same(endpoints[1], caller.Begin(At(1), tried: [endpoints[0]], again: true));
    }

    [Fact]
    public void Begin_OwnZoneTooSmall_SpillsByWeight()
    {
        var caller = Make("a", View("a1", zone: "a"), View("b1", zone: "b"), View("b2", zone: "b"), View("b3", zone: "b"));

        // A quarter of the weight for half of the requests: half stays.
        Assert.InRange(Count(caller, 4_000)["a1"], 1_850, 2_150);
    }

    [Theory]
    [InlineData(-0.1, 3, 100)]
    [InlineData(1.1, 3, 100)]
    [InlineData(0.2, -1, 100)]
    [InlineData(0.2, 3, 0)]
    public void Validate_RetriesOutOfRange_IsRefused(double share, double perSecond, double most) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new CallerOptions { Retries = new RetryBudgetOptions { Share = share, PerSecond = perSecond, Most = most } }.Validate());

    [Theory]
    [InlineData(0, 5, 60, 0.5)]
    [InlineData(3, 0, 60, 0.5)]
    [InlineData(3, 5, 4, 0.5)]
    [InlineData(3, 5, 60, 1.1)]
    public void Validate_EjectionOutOfRange_IsRefused(int failures, double seconds, double most, double share) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new CallerOptions
        {
            Ejection = new PassiveEjectionOptions { Failures = failures, Duration = At(seconds), MaxDuration = At(most), MaxShare = share },
        }.Validate());

    private static Caller Make(params Core.Directory.InstanceView[] views) => Make("", views);

    private static Caller Make(string zone, params Core.Directory.InstanceView[] views)
    {
        var caller = new Caller(new Scored(new SeededDraws(3)), new CallerOptions { Zone = zone });
        caller.Update(views, TimeSpan.Zero);
        return caller;
    }
}
