using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Fairway.Core.Lanes;
using Fairway.Testing;

namespace Fairway.Edge.Tests;

/// <summary>Labels at the entry: stripped, adopted, assigned, signed; and where they lead. Keys are those of <see cref="EdgeServer"/>.</summary>
[Collection(EdgeCollection.Name)]
public sealed class LaneTests(EdgeFixture fixture) : IAsyncLifetime
{
    private static readonly int Forgeries = Environment.GetEnvironmentVariable("FAIRWAY_SOAK") is { Length: > 0 } ? 100_000 : 10_000;
    private static readonly LabelKeys Keys = new(new Dictionary<string, string> { ["k1"] = EdgeServer.LaneKey }, null);

    private Service[] _services = null!;
    private string _service = null!;

    public async Task InitializeAsync()
    {
        _service = $"svc-{Guid.NewGuid():n}"[..12];
        _services = await Service.StartAsync("base", "blue", "green");
        await fixture.PutAsync(_service, Listing.Of(_services[0].Line(), _services[1].Line("blue"), _services[2].Line("green")));
    }

    public async Task DisposeAsync()
    {
        fixture.Gateway.Remove(_service);
        foreach (var service in _services)
        {
            await service.DisposeAsync();
        }
    }

    [Fact]
    public async Task Get_WithoutLabel_GoesToBaseAlone()
    {
        for (var i = 0; i < 20; i++)
        {
            var reply = await GetAsync();
            Assert.Equal("base", reply.Id);
            Assert.Null(reply.Got("x-infr-flowtype"));
            Assert.Null(reply.Got("x-lane-sig"));
            Assert.Null(reply.Got("baggage"));
        }
    }

    [Fact]
    public async Task Get_LabelFromOutside_IsStrippedAndCountedOnce()
    {
        var before = await SpoofedAsync();

        var reply = await GetAsync(
            ("x-infr-flowtype", "blue"), ("x-infr-stress", "1"), ("x-infr-offline", "10.0.0.1:80"), ("x-lane-sig", "k1.9999999999.x"),
            ("baggage", "lane=blue,stress=1,mine=1"), ("tracestate", "lane=blue,vendor=2"));

        Assert.Equal("base", reply.Id);
        Assert.All(LabelHeaders.All, header => Assert.Null(reply.Got(header)));
        Assert.Equal("mine=1", reply.Got("baggage"));
        Assert.Equal("vendor=2", reply.Got("tracestate"));
        Assert.Equal(before + 1, await SpoofedAsync());
    }

    [Fact]
    public async Task Get_ForgedByTheThousand_NoneIsAdoptedAndEachIsCounted()
    {
        var random = new Random(8);
        var before = await SpoofedAsync();
        var token = Tokens.Of("nobody-of-blue", ["red"]);

        await Parallel.ForEachAsync(
            Enumerable.Range(0, Forgeries).Select(_ => Forgery(random)), new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (headers, _) =>
            {
                var reply = await GetAsync([.. headers, .. headers.Length % 2 == 0 ? [Tokens.Bearer(token)] : Array.Empty<(string, string)>()]);
                Assert.Equal("base", reply.Id);
                Assert.All(LabelHeaders.All, header => Assert.Null(reply.Got(header)));
                Assert.DoesNotContain("lane=", reply.Got("baggage") ?? "", StringComparison.Ordinal);
            });

        Assert.Equal(before + Forgeries, await SpoofedAsync());
    }

    [Fact]
    public async Task Get_TestersOwnLane_IsAdoptedAndSigned()
    {
        var before = await SpoofedAsync();

        var reply = await GetAsync(Tokens.Bearer(Tokens.Of("tess", ["blue"])), ("x-infr-flowtype", "blue"), ("x-infr-stress", "1"), ("baggage", "mine=1"));

        Assert.Equal("blue", reply.Id);
        Assert.True(LabelReader.TryRead(
            reply.Got(LabelHeaders.FlowType), reply.Got(LabelHeaders.Stress), reply.Got(LabelHeaders.Offline), reply.Got(LabelHeaders.Signature),
            Keys, TimeProvider.System.GetUtcNow(), out var label, out _));
        Assert.Equal(("blue", true), (label.Lane, label.Stress));
        Assert.Equal("mine=1,lane=blue,stress=1", reply.Got("baggage"));
        Assert.Equal(before, await SpoofedAsync());
    }

    [Theory]
    [InlineData("green")]
    [InlineData("blue,green")]
    [InlineData("red")]
    public async Task Get_TesterOfAnotherLane_IsAnybody(string lanes)
    {
        var before = await SpoofedAsync();

        var reply = await GetAsync(Tokens.Bearer(Tokens.Of("tess", ["blue"])), ("x-infr-flowtype", lanes));

        Assert.Equal("base", reply.Id);
        Assert.Equal(before + 1, await SpoofedAsync());
    }

    [Theory]
    [InlineData("blue,green", "", "LANE_LABEL_AMBIGUOUS")]
    [InlineData("blue", "yes", "LANE_LABEL_INVALID")]
    public async Task Get_TestersBadLabel_IsRefused(string lanes, string stress, string code) =>
        (await GetAsync(Tokens.Bearer(Tokens.Of("tess", ["blue", "green"])), ("x-infr-flowtype", lanes), ("x-infr-stress", stress)))
            .AssertRefused(HttpStatusCode.BadRequest, code);

    [Fact]
    public async Task Get_DeclaredButDown_FailsClosed()
    {
        await fixture.PutAsync("declared", Listing.Of(_services[0].Line(), _services[1].Line("blue", state: "down")));

        (await TesterAsync("declared", "blue")).AssertRefused(HttpStatusCode.ServiceUnavailable, "LANE_SERVICE_DOWN");
        Assert.Equal("base", (await fixture.Edge.GetAsync("/declared/")).Id);
    }

    [Fact]
    public async Task Get_DeclaredAndDead_IsLaneServiceDownNotBase()
    {
        var port = FreePort.Next();
        var dead = _services[1].Line("blue");
        dead["address"] = $"127.0.0.1:{port}";
        await fixture.PutAsync("declared", Listing.Of(_services[0].Line(), dead));

        (await TesterAsync("declared", "blue")).AssertRefused(HttpStatusCode.ServiceUnavailable, "LANE_SERVICE_DOWN");
    }

    [Fact]
    public async Task Get_UndeclaredWithoutInstance_GoesToBaseAndCarriesTheLabelOn()
    {
        await fixture.PutAsync(_service, Listing.Of(_services[0].Line()));

        var reply = await TesterAsync(_service, "blue");

        Assert.Equal("base", reply.Id);
        Assert.Equal("blue", reply.Got("x-infr-flowtype"));
    }

    [Fact]
    public async Task Get_UnknownLane_RoutesAsUndeclaredAndIsCounted()
    {
        var before = await fixture.Edge.MetricAsync("fairway_lane_unknown_total");

        var reply = await TesterAsync(_service, "gone");

        Assert.Equal(("base", "gone"), (reply.Id, reply.Got("x-infr-flowtype")));
        await Soon.TrueAsync(async () => await fixture.Edge.MetricAsync("fairway_lane_unknown_total") == before + 1);
    }

    [Fact]
    public async Task Get_OfflineInTestersLabel_IsNeverPicked()
    {
        await fixture.PutAsync(_service, Listing.Of(_services[0].Line("blue"), _services[1].Line("blue")));
        for (var i = 0; i < 20; i++)
        {
            var reply = await GetAsync(
                Tokens.Bearer(Tokens.Of("tess", ["blue"])), ("x-infr-flowtype", "blue"), ("x-infr-offline", _services[0].Address));
            Assert.Equal("blue", reply.Id);
            Assert.Equal(_services[0].Address, reply.Got("x-infr-offline"));
        }
    }

    [Fact]
    public async Task Offline_Set_ActsAtOnceEvenForTheLastInstance()
    {
        fixture.Gateway.Set("offline", new JsonArray(_services[0].Address));
        await fixture.SeenAsync();
        (await GetAsync()).AssertRefused(HttpStatusCode.ServiceUnavailable, "NO_PROVIDER");

        fixture.Gateway.Set("offline", new JsonArray());
        await fixture.SeenAsync();
        Assert.Equal("base", (await GetAsync()).Id);
    }

    [Fact]
    public async Task Grey_Rule_AssignsByWhitelistRegionAndRatio()
    {
        GreyRule rule = new() { Target = "blue", Salt = "s", Whitelist = ["wanda"], Regions = ["eu"], RatioPer10000 = 3000 };
        await SetGreyAsync(rule, kill: false);

        Assert.Equal("blue", (await GetAsync(Tokens.Bearer(Tokens.Of("wanda")))).Id);
        Assert.Equal("blue", (await GetAsync(Tokens.Bearer(Tokens.Of("bob", region: "eu")))).Id);
        for (var i = 0; i < 100; i++)
        {
            var expected = EntryRule.Bucket("s", $"user-{i}") < 3000 ? "blue" : "base";
            var reply = await GetAsync(Tokens.Bearer(Tokens.Of($"user-{i}")));
            Assert.Equal(expected, reply.Id);
            Assert.Equal(expected == "blue" ? "blue" : null, reply.Got("x-infr-flowtype"));
        }

        Assert.Equal("base", (await GetAsync()).Id);
        Assert.Equal("base", (await GetAsync(("x-region", "eu"))).Id); // from nobody we trust
    }

    [Fact]
    public async Task Grey_Kill_EmptiesTheTargetAtOnce()
    {
        GreyRule rule = new() { Target = "blue", Salt = "s", Whitelist = ["wanda"], RatioPer10000 = 10_000 };
        await SetGreyAsync(rule, kill: true);

        Assert.Equal("base", (await GetAsync(Tokens.Bearer(Tokens.Of("wanda")))).Id);
        Assert.Equal("base", (await TesterAsync(_service, "blue")).Id);
        Assert.Equal("green", (await TesterAsync(_service, "green")).Id);
    }

    [Fact]
    public async Task Grey_DeadTarget_IsAnErrorLikeAnyDeclaredService()
    {
        await fixture.PutAsync("declared", Listing.Of(_services[0].Line(), _services[1].Line("blue", state: "down")));
        fixture.Gateway.Set("grey", new JsonObject { ["declared"] = Rule(new GreyRule { Target = "blue", RatioPer10000 = 10_000 }, false) });
        await fixture.SeenAsync();

        (await fixture.Edge.GetAsync("/declared/", Tokens.Bearer(Tokens.Of("bob")))).AssertRefused(HttpStatusCode.ServiceUnavailable, "LANE_SERVICE_DOWN");
    }

    [Fact]
    public async Task Why_ForATester_IsSaidInAHeader()
    {
        var asked = ("x-fairway-why", "1");
        var reply = await GetAsync(Tokens.Bearer(Tokens.Of("tess", ["blue"])), ("x-infr-flowtype", "blue"), asked);
        Assert.Matches("^label=blue; rule=live; lane=blue; candidates=1; table=.+$", reply.Headers["x-fairway-why"]);

        Assert.DoesNotContain("x-fairway-why", (await GetAsync(asked)).Headers.Keys, StringComparer.OrdinalIgnoreCase);
        Assert.DoesNotContain("x-fairway-why", (await GetAsync(asked, Tokens.Bearer(Tokens.Of("bob")))).Headers.Keys, StringComparer.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Responses_WhereLanesExist_VaryByTheLabel() => Assert.Contains("x-infr-flowtype", (await GetAsync()).Headers["Vary"], StringComparison.Ordinal);

    private Task<Reply> GetAsync(params (string Name, string Value)[] headers) => fixture.Edge.GetAsync($"/{_service}/x", headers);

    private Task<Reply> TesterAsync(string service, string lane) =>
        fixture.Edge.GetAsync($"/{service}/x", Tokens.Bearer(Tokens.Of("tess", [lane])), ("x-infr-flowtype", lane));

    private async Task SetGreyAsync(GreyRule rule, bool kill)
    {
        fixture.Gateway.Set("grey", new JsonObject { [_service] = Rule(rule, kill) });
        await fixture.SeenAsync();
    }

    private static JsonObject Rule(GreyRule rule, bool kill) => new()
    {
        ["target"] = rule.Target, ["salt"] = rule.Salt, ["kill"] = kill, ["ratioPer10000"] = rule.RatioPer10000,
        ["whitelist"] = new JsonArray([.. rule.Whitelist.Select(user => (JsonNode?)user)]),
        ["regions"] = new JsonArray([.. rule.Regions.Select(region => (JsonNode?)region)]),
    };

    // Counts are handed over once a second; they stand still when two looks over a second agree with what is expected.
    private async Task<double> SpoofedAsync()
    {
        await Task.Delay(TimeSpan.FromSeconds(1.3), TimeProvider.System);
        return await fixture.Edge.MetricAsync("fairway_lane_spoof_total");
    }

    private static (string Name, string Value)[] Forgery(Random random)
    {
        lock (random)
        {
            List<(string, string)> headers = [];
            do
            {
                headers.Clear();
                if (random.Next(3) > 0)
                {
                    headers.Add((random.Next(2) == 0 ? "x-infr-flowtype" : "X-Infr-FlowType", Lane(random)));
                }

                if (random.Next(3) == 0)
                {
                    headers.Add(("x-infr-stress", random.Next(2) == 0 ? "1" : Noise(random)));
                }

                if (random.Next(4) == 0)
                {
                    headers.Add(("x-infr-offline", "127.0.0.1:80"));
                }

                if (random.Next(2) == 0)
                {
                    headers.Add(("x-lane-sig", $"k{random.Next(3)}.{random.Next(1, int.MaxValue)}.{Noise(random)}"));
                }

                if (random.Next(4) == 0)
                {
                    headers.Add(("baggage", $"a=b, lane={Lane(random)}"));
                }

                if (random.Next(6) == 0)
                {
                    headers.Add(("tracestate", $"stress=1,lane={Lane(random)}"));
                }
            }
            while (headers.Count == 0);
            return [.. headers];
        }
    }

    private static string Lane(Random random) => random.Next(4) switch { 0 => "blue", 1 => "green", 2 => Noise(random), _ => "blue, blue" };

    private static string Noise(Random random)
    {
        var text = new StringBuilder();
        for (var length = random.Next(1, 40); length > 0; length--)
        {
            text.Append((char)random.Next(0x21, 0x7f));
        }

        return text.ToString().Replace(',', '.').Replace('"', 'q');
    }
}
