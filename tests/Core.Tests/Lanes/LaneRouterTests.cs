using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Fairway.Testing;

namespace Fairway.Core.Tests.Lanes;

public class LaneRouterTests
{
    private static readonly GreyRule Canary = new() { Target = "canary", Whitelist = ["wanda"], Regions = ["eu"] };

    [Theory]
    [MemberData(nameof(RouteCases.All), MemberType = typeof(RouteCases))]
    public void Route_CasesOfTheDocument_HoldTrue(
        string instances, string lanes, string panic, string offline, string label, string goesTo, string rule, string labelOut, string candidates)
    {
        var lists = offline.Split(';').Select(list => list.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToArray();
        var pools = LanePools.Of(
            Topology.Snapshot(instances, panic.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(lane => lane == "base" ? "" : lane)),
            lists[0].ToHashSet());
        var decision = LaneRouter.Route(
            new RouteRequest(Topology.Service, label, Offline: lists.Length > 1 ? [.. lists[1]] : []), pools, Topology.Lanes(lanes));

        Assert.Equal(
            (goesTo, rule, labelOut, candidates),
            (decision.Code ?? decision.Lane ?? "base", RouteWords.NameOf(decision.Rule), decision.Label ?? "", string.Join(' ', decision.Candidates)));
        Assert.Equal(decision.Code is null, decision.IsRoute);
        Assert.Contains("lane table e-1", decision.Why);
    }

    [Fact]
    public void Route_VectorsOfOtherLanguages_SayWhatTheDocumentSays()
    {
        var vectors = Vectors.Read("routes.json");
        var routes = vectors.GetProperty("routes").EnumerateArray().ToList();
        var documented = RouteCases.All().ToList();
        Assert.Equal(documented.Count, routes.Count);
        foreach (var (route, row) in routes.Zip(documented))
        {
            Assert.Equal((string)row[5], route.GetProperty("code").GetString() ?? route.GetProperty("lane").GetString() ?? "base");
            Assert.Equal((string)row[4], route.GetProperty("label").GetString() ?? "");
            Assert.Equal((string)row[8], string.Join(' ', route.GetProperty("candidates").EnumerateArray().Select(id => id.GetString())));
            Assert.Equal(
                (string)row[0],
                string.Join(' ', route.GetProperty("instances").EnumerateArray().Select(instance =>
                    (instance.GetProperty("lane").GetString() is { } lane ? lane + "/" : "") + instance.GetProperty("id").GetString()
                    + (instance.GetProperty("state").GetString() is { } state && state != "ready" ? ":" + state : ""))));
        }
    }

    [Theory]
    [InlineData("blue", "blue", false)]
    [InlineData("blue+", "blue", false)]
    [InlineData("blue", "gone", true)]
    [InlineData("blue", null, false)]
    public void Route_Label_IsUnknownWhenNoLivingLane(string lanes, string? label, bool unknown) =>
        Assert.Equal(unknown, LaneRouter.Route(new RouteRequest(Topology.Service, label), Topology.Pools("a"), Topology.Lanes(lanes)).IsLabelUnknown);

    [Theory]
    [InlineData("wanda", "us", null, "canary", "canary")]
    [InlineData("bob", "eu", null, "canary", "canary")]
    [InlineData("bob", "us", null, "base", null)]
    [InlineData("bob", "us", "canary", "canary", "canary")]
    [InlineData(null, null, "canary", "canary", "canary")]
    public void Route_AtTheEntry_GreyRuleSetsTheLabel(string? user, string? region, string? label, string lane, string? labelOut)
    {
        var decision = LaneRouter.Route(
            new RouteRequest(Topology.Service, label, user, region), Topology.Pools("a canary/x"), Topology.Lanes("canary+", Canary));
        AssertRoute(lane, labelOut, lane == "base" ? "a" : "x", decision);
    }

    [Fact]
    public void Route_GreyTargetDead_IsAnError() =>
        AssertRoute("LANE_SERVICE_DOWN", "canary", "", LaneRouter.Route(
            new RouteRequest(Topology.Service, User: "wanda"), Topology.Pools("a canary/x:down"), Topology.Lanes("canary+", Canary)));

    [Fact]
    public void Route_GreyKilled_IsBaseEvenForItsTargetsLabel() =>
        AssertRoute("base", null, "a", LaneRouter.Route(
            new RouteRequest(Topology.Service, "canary", "wanda"), Topology.Pools("a canary/x"), Topology.Lanes("canary+", Canary with { Kill = true })));

    [Fact]
    public void Route_AnyDecision_SaysWhy()
    {
        var decision = LaneRouter.Route(
            new RouteRequest(Topology.Service, "blue", "bob", Offline: ["10.0.0.2:80"]), Topology.Pools("a blue/x"), Topology.Lanes("blue+", Canary));
        Assert.Equal<string>(
            [
                "entry rule: a trusted label stands", "label blue", "blue: 0 of 1 may serve, 1 offline",
                "declared in blue: nobody may serve, and never base", "lane table e-1",
            ],
            decision.Why);
    }

    [Fact]
    public void Line_Decision_NamesLabelRuleLaneCandidatesAndTable()
    {
        var pools = Topology.Pools("a b blue/x");
        var lanes = Topology.Lanes("blue+ green+");
        Assert.Equal("label=blue; rule=declared; lane=blue; candidates=1; table=e-1", RouteWords.Line(LaneRouter.Decide(Topology.Service, "blue", [], pools, lanes)));
        Assert.Equal("label=none; rule=base; lane=base; candidates=2; table=e-1", RouteWords.Line(LaneRouter.Decide(Topology.Service, null, [], pools, lanes)));
        Assert.Equal(
            "label=green; rule=declared; code=LANE_SERVICE_DOWN; candidates=0; table=e-1", RouteWords.Line(LaneRouter.Decide(Topology.Service, "green", [], pools, lanes)));
    }

    [Fact]
    public void Decide_AnyLabel_AllocatesNothing()
    {
        var pools = Topology.Pools("a b:down blue/x blue/y");
        var lanes = Topology.Lanes("blue+ green", Canary with { RatioPer10000 = 5000 });
        ImmutableArray<string> offline = ["10.0.0.3:80", "10.0.0.9:80"];
        string?[] labels = [null, "blue", "green", "unknown"];
        var usable = 0;
        Decide(1000); // the first ones make what later ones use
        Assert.Equal(0, Allocations.Least(() => Decide(10_000)));
        Assert.Equal(31_000, usable);

        void Decide(int times)
        {
            for (var i = 0; i < times; i++)
            {
                usable += LaneRouter.Decide(Topology.Service, labels[i % 4], i % 4 == 1 ? offline : [], pools, lanes).Usable;
                usable += EntryRule.Assign(lanes.GreyOf(Topology.Service), null, "bob", "us").Label is null ? 0 : 1;
            }
        }
    }

    [Fact]
    public void Route_RandomTopologies_AgreeWithTheRulesRead()
    {
        var rounds = Environment.GetEnvironmentVariable("FAIRWAY_SOAK") is null ? 20_000 : 1_000_000;
        var random = new Random(11);
        string[] names = ["blue", "green", "red"];
        var states = Enum.GetValues<InstanceState>();
        for (var round = 0; round < rounds; round++)
        {
            var instances = string.Join(' ', Enumerable.Range(0, random.Next(6)).Select(i =>
                $"{(random.Next(2) == 0 ? "" : names[random.Next(3)] + "/")}i{i}:{states[random.Next(states.Length)]}"));
            string[] panicked = [.. ((string[])["", .. names]).Where(_ => random.Next(4) == 0)];
            var lanes = names.Where(_ => random.Next(3) > 0).Select(lane => random.Next(2) == 0 ? lane : lane + "+").ToArray();
            var own = Enumerable.Range(1, 6).Where(_ => random.Next(6) == 0).Select(i => $"10.0.0.{i}:80").ToHashSet();
            ImmutableArray<string> requests = [.. Enumerable.Range(1, 8).Where(_ => random.Next(6) == 0).Select(i => $"10.0.0.{i}:80")];
            var label = random.Next(8) switch { 0 => null, 1 => "", 2 => "bad label", _ => names[random.Next(3)] };
            var service = instances.Length == 0 && random.Next(2) == 0 ? null : Topology.Snapshot(instances, panicked);

            var actual = LaneRouter.Route(
                new RouteRequest(Topology.Service, label, Offline: requests), LanePools.Of(service, own), Topology.Lanes(string.Join(' ', lanes)));
            var expected = Oracle(label, service, lanes, [.. own, .. requests]);

            if (expected != $"{actual.Code ?? actual.Lane ?? "base"}|{actual.Label}|{string.Join(' ', actual.Candidates)}")
            {
                Assert.Fail($"[{instances}] lanes [{string.Join(' ', lanes)}] label [{label}] offline [{string.Join(' ', own)}; {string.Join(' ', requests)}]: {expected}");
            }
        }
    }

    /// <summary>The rules, sentence by sentence.</summary>
    private static string Oracle(string? label, ServiceSnapshot? service, string[] lanes, HashSet<string> offline)
    {
        List<string> Live(string lane) => (service?.Instances ?? [])
            .Where(instance => instance.Lane == lane)
            .Where(instance => instance.State switch
            {
                InstanceState.Ready or InstanceState.Warming or InstanceState.Unknown => true,
                InstanceState.Ejected => service!.PanickedLanes.Contains(lane),
                _ => false,
            })
            .Where(instance => !offline.Contains(instance.Address))
            .Select(instance => instance.Id)
            .ToList();

        if (label == "bad label")
        {
            return "LANE_LABEL_INVALID||";
        }

        var inBase = Live("");
        var toBase = inBase.Count == 0 ? $"NO_PROVIDER|{label}|" : $"base|{label}|{string.Join(' ', inBase)}";
        if (string.IsNullOrEmpty(label))
        {
            return toBase;
        }

        var inLane = Live(label);
        return inLane.Count > 0 ? $"{label}|{label}|{string.Join(' ', inLane)}"
            : lanes.Contains(label + "+") ? $"LANE_SERVICE_DOWN|{label}|"
            : toBase;
    }

    private static void AssertRoute(string lane, string? label, string candidates, RouteDecision decision)
    {
        Assert.Equal(lane, decision.Code ?? decision.Lane ?? "base");
        Assert.Equal(decision.Code is null, decision.IsRoute);
        Assert.Equal(label, decision.Label);
        Assert.Equal(candidates, string.Join(' ', decision.Candidates));
        Assert.NotEmpty(decision.Why);
    }
}
