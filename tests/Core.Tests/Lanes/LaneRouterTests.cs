using Fairway.Core.Directory;
using Fairway.Core.Lanes;

namespace Fairway.Core.Tests.Lanes;

public class LaneRouterTests
{
    private static readonly GreyRule Canary = new() { Target = "canary", Whitelist = ["wanda"], Regions = ["eu"] };

    [Theory]
    // instances | lanes | label -> lane or code | label out | candidates
    [InlineData("a b", "", null, "base", null, "a b")]
    [InlineData("a b", "", "", "base", null, "a b")] // an empty label is no label
    [InlineData("a blue/x", "blue:orders", null, "base", null, "a")] // no label: base only
    [InlineData("blue/x", "blue:orders", null, "NO_PROVIDER", null, "")]
    [InlineData("a:down b:draining c:offline d:ejected", "", null, "NO_PROVIDER", null, "")]
    [InlineData("a:unknown b:warming c:ready", "", null, "base", null, "a b c")]
    [InlineData("a blue/x blue/y", "blue:orders", "blue", "blue", "blue", "x y")] // declared: that lane only
    [InlineData("a blue/x:down", "blue:orders", "blue", "LANE_SERVICE_DOWN", "blue", "")] // never base
    [InlineData("a", "blue:orders", "blue", "LANE_SERVICE_DOWN", "blue", "")]
    [InlineData("", "blue:orders", "blue", "LANE_SERVICE_DOWN", "blue", "")] // declared before it ever registered
    [InlineData("a blue/x", "blue", "blue", "blue", "blue", "x")] // undeclared: a live instance's registration declares it
    [InlineData("a blue/x:down", "blue", "blue", "base", "blue", "a")]
    [InlineData("a", "blue", "blue", "base", "blue", "a")] // else base, and the label goes on
    [InlineData("green/x", "blue green:orders", "blue", "NO_PROVIDER", "blue", "")] // never another lane
    [InlineData("a green/x", "blue green:orders", "blue", "base", "blue", "a")]
    [InlineData("a", "blue:payments", "blue", "base", "blue", "a")] // declared for another service
    [InlineData("a blue/x", "", "blue", "blue", "blue", "x")] // unknown lane routes as undeclared
    [InlineData("a", "", "blue", "base", "blue", "a")]
    [InlineData("a", "", "Blue!", "LANE_LABEL_INVALID", null, "")]
    [InlineData("a", "", "base", "base", "base", "a")] // no lane is called base, so this is an unknown label
    public void Route_Table(string instances, string lanes, string? label, string lane, string? labelOut, string candidates) =>
        AssertRoute(lane, labelOut, candidates, LaneRouter.Route(
            new RouteRequest("orders", label), Topology.Service(instances), Topology.Lanes(lanes)));

    [Theory]
    [InlineData(null, "NO_PROVIDER")]
    [InlineData("blue", "NO_PROVIDER")]
    [InlineData("green", "LANE_SERVICE_DOWN")]
    [InlineData("no good", "LANE_LABEL_INVALID")]
    public void Route_ServiceNobodyRegistered_IsCoded(string? label, string code) =>
        Assert.Equal(code, LaneRouter.Route(new RouteRequest("orders", label), null, Topology.Lanes("blue green:orders")).Code);

    [Theory]
    [InlineData("blue", "blue", false)]
    [InlineData("blue", "gone", true)]
    [InlineData("blue", null, false)]
    public void Route_Label_IsUnknownWhenNoLivingLane(string lanes, string? label, bool unknown) =>
        Assert.Equal(unknown, LaneRouter.Route(new RouteRequest("orders", label), Topology.Service("a"), Topology.Lanes(lanes)).IsLabelUnknown);

    [Theory]
    [InlineData("a b", null, "a:80", "base", "b")]
    [InlineData("a", null, "a:80", "NO_PROVIDER", "")] // not for the last instance
    [InlineData("a blue/x", "blue", "x:80", "LANE_SERVICE_DOWN", "")]
    [InlineData("a blue/x blue/y", "blue", "x:80", "blue", "y")]
    [InlineData("a green/x", "green", "x:80", "base", "a")] // undeclared and not live
    public void Route_OfflineAddress_IsNeverIgnored(string instances, string? label, string offline, string lane, string candidates) =>
        AssertRoute(lane, label, candidates, LaneRouter.Route(
            new RouteRequest("orders", label, OfflineAddresses: new HashSet<string> { offline }),
            Topology.Service(instances),
            Topology.Lanes("blue:orders green")));

    [Fact]
    public void Route_PanickedLane_ReadmitsEjectedOnesOfThatLaneOnly()
    {
        var service = Topology.Service("a:ejected b:down c:offline d blue/x:ejected blue/y", "");
        var lanes = Topology.Lanes("blue:orders");

        AssertRoute("base", null, "a d", LaneRouter.Route(new RouteRequest("orders"), service, lanes));
        AssertRoute("blue", "blue", "y", LaneRouter.Route(new RouteRequest("orders", "blue"), service, lanes));
    }

    [Fact]
    public void Route_PanicAndOffline_OfflineStaysOut() =>
        AssertRoute("NO_PROVIDER", null, "", LaneRouter.Route(
            new RouteRequest("orders", OfflineAddresses: new HashSet<string> { "a:80" }), Topology.Service("a:ejected b:down", ""), LaneTable.Empty));

    [Theory]
    [InlineData("wanda", "us", null, "canary", "canary")]
    [InlineData("bob", "eu", null, "canary", "canary")]
    [InlineData("bob", "us", null, "base", null)]
    [InlineData("bob", "us", "canary", "canary", "canary")]
    [InlineData(null, null, "canary", "canary", "canary")]
    public void Route_AtTheEntry_GreyRuleSetsTheLabel(string? user, string? region, string? label, string lane, string? labelOut)
    {
        var decision = LaneRouter.Route(
            new RouteRequest("orders", label, user, region), Topology.Service("a canary/x"), Topology.Lanes("canary:orders", Canary));
        AssertRoute(lane, labelOut, lane == "base" ? "a" : "x", decision);
    }

    [Fact]
    public void Route_GreyTargetDead_IsAnError() =>
        AssertRoute("LANE_SERVICE_DOWN", "canary", "", LaneRouter.Route(
            new RouteRequest("orders", User: "wanda"), Topology.Service("a canary/x:down"), Topology.Lanes("canary:orders", Canary)));

    [Fact]
    public void Route_GreyKilled_IsBaseEvenForItsTargetsLabel() =>
        AssertRoute("base", null, "a", LaneRouter.Route(
            new RouteRequest("orders", "canary", "wanda"), Topology.Service("a canary/x"), Topology.Lanes("canary:orders", Canary with { Kill = true })));

    [Fact]
    public void Route_AnyDecision_SaysWhy()
    {
        var decision = LaneRouter.Route(new RouteRequest("orders", "blue"), Topology.Service("a blue/x:down"), Topology.Lanes("blue:orders"));
        Assert.Equal<string>(["label blue", "blue: 0 of 1 may serve", "declared in blue"], decision.Why);
    }

    [Fact]
    public void Route_RandomTopologies_AgreeWithTheRulesRead()
    {
        var random = new Random(11);
        string[] names = ["blue", "green", "red"];
        var states = Enum.GetValues<InstanceState>();
        for (var round = 0; round < 100_000; round++)
        {
            var instances = string.Join(' ', Enumerable.Range(0, random.Next(6)).Select(i =>
                $"{(random.Next(2) == 0 ? "" : names[random.Next(3)] + "/")}i{i}:{states[random.Next(states.Length)]}"));
            string[] panicked = [.. ((string[])["", .. names]).Where(_ => random.Next(4) == 0)];
            var lanes = names.Where(_ => random.Next(3) > 0).Select(lane => random.Next(2) == 0 ? lane : lane + ":orders").ToArray();
            var offline = Enumerable.Range(0, 6).Where(_ => random.Next(5) == 0).Select(i => $"i{i}:80").ToHashSet();
            var label = random.Next(8) switch { 0 => null, 1 => "", 2 => "bad label", _ => names[random.Next(3)] };
            var service = instances.Length == 0 && random.Next(2) == 0 ? null : Topology.Service(instances, panicked);

            var actual = LaneRouter.Route(new RouteRequest("orders", label, OfflineAddresses: offline), service, Topology.Lanes(string.Join(' ', lanes)));
            var expected = Oracle(label, service, lanes, offline);

            Assert.True(
                expected == $"{actual.Code ?? actual.Lane ?? "base"}|{actual.Label}|{string.Join(' ', actual.Candidates)}",
                $"[{instances}] lanes [{string.Join(' ', lanes)}] label [{label}] offline [{string.Join(' ', offline)}]: {expected}");
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
            : lanes.Contains(label + ":orders") ? $"LANE_SERVICE_DOWN|{label}|"
            : toBase;
    }

    private static void AssertRoute(string lane, string? label, string candidates, RouteDecision decision)
    {
        Assert.Equal(lane, decision.Code ?? decision.Lane ?? "base");
        Assert.Equal(decision.Code is null, decision.IsRoute);
        Assert.Equal(label is "" ? null : label, decision.Label);
        Assert.Equal(candidates, string.Join(' ', decision.Candidates));
        Assert.NotEmpty(decision.Why);
    }
}
