using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Fairway.Core.Lanes;
using Fairway.Sdk.Lanes;
using Fairway.Sdk.Tests.Client;
using Microsoft.AspNetCore.Builder;

namespace Fairway.Sdk.Tests.Lanes;

/// <summary>A service that calls another by its name: to the lane of the request's label, and the label goes along.</summary>
public sealed class LaneClientTests : IAsyncLifetime
{
    private ScriptedGateway _gateway = null!;
    private LaneHost _base = null!;
    private LaneHost _blue = null!;
    private LaneHost _front = null!;

    public async Task InitializeAsync()
    {
        _gateway = await ScriptedGateway.StartAsync();
        _base = await LaneHost.StartAsync(map: app => app.MapGet("/who", () => $"base {LaneHost.Describe(LaneContext.Current)}"));
        _blue = await LaneHost.StartAsync(map: app => app.MapGet("/who", () => $"blue {LaneHost.Describe(LaneContext.Current)}"));
        _gateway.Gives("a-7", JsonSerializer.Serialize(new
        {
            version = "a-7",
            @base = (string?)null,
            full = true,
            services = new Dictionary<string, object>
            {
                ["orders"] = ScriptedGateway.Service(
                    "scored",
                    [ScriptedGateway.Instance("b1", _base.Address.Authority), ScriptedGateway.Instance("x1", _blue.Address.Authority, lane: "blue")]),
                ["payments"] = ScriptedGateway.Service("scored", [ScriptedGateway.Instance("b2", _base.Address.Authority)]),
            },
            removed = Array.Empty<string>(),
            lanes = new
            {
                blue = new { services = new { orders = new { service = "orders" } } },
                green = new { services = new { orders = new { service = "orders" } } },
            },
            offline = Array.Empty<string>(),
            gateways = Array.Empty<object>(),
        }));
        _front = await LaneHost.StartAsync(
            services: services => services.AddFairwayClient(client => client.Gateways = [_gateway.Url]),
            map: app => app.MapGet("/call", (string service, IHttpClientFactory clients) => clients.CreateClient("fairway").GetStringAsync($"http://{service}/who")));
    }

    public async Task DisposeAsync()
    {
        foreach (var host in (IAsyncDisposable[])[_front, _blue, _base, _gateway])
        {
            await host.DisposeAsync();
        }
    }

    [Fact]
    public async Task Call_ByName_GoesWhereTheLabelSays()
    {
        Assert.Equal("base base||", await _front.GetAsync("/call?service=orders"));
        Assert.Equal("blue blue||", await _front.GetAsync("/call?service=orders", LaneHost.Signed(Label.Of("blue"))));
        Assert.Equal("base blue|1|", await _front.GetAsync("/call?service=payments", LaneHost.Signed(Label.Of("blue", true)))); // undeclared
        Assert.Equal("base unheard-of||", await _front.GetAsync("/call?service=orders", LaneHost.Signed(Label.Of("unheard-of"))));
        Assert.Equal("base base||10.0.0.1:1", await _front.GetAsync("/call?service=orders", LaneHost.Signed(Label.Of(null, false, "10.0.0.1:1"))));
    }

    [Fact]
    public async Task Call_NoRoute_Is503WithTheCode()
    {
        foreach (var (label, code) in (IEnumerable<(Label, string)>)
        [
            (Label.Of("green"), "LANE_SERVICE_DOWN"),
            (Label.Of("blue", false, _blue.Address.Authority), "LANE_SERVICE_DOWN"), // the request knows it to be going offline
            (Label.Of(null, false, _base.Address.Authority), "NO_PROVIDER"),
        ])
        {
            using var answer = await _front.SendAsync("/call?service=orders", LaneHost.Signed(label));
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "application/problem+json"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
            using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
            Assert.Equal(code, body.RootElement.GetProperty("code").GetString());
        }
    }

    [Fact]
    public async Task Call_TesterAsksWhy_EveryDecisionIsALineOfTheAnswer()
    {
        using var asked = await _front.SendAsync("/call?service=orders", [.. LaneHost.Signed(Label.Of("blue")), new(LabelHeaders.Why, "1")]);
        Assert.Equal(["orders: label=blue; rule=declared; lane=blue; candidates=1; table=a-7"], asked.Headers.GetValues(LabelHeaders.Why));
        using var quiet = await _front.SendAsync("/call?service=orders", LaneHost.Signed(Label.Of("blue")));
        Assert.False(quiet.Headers.Contains(LabelHeaders.Why));
        using var unlabelled = await _front.SendAsync("/call?service=orders", [new(LabelHeaders.Why, "1")]);
        Assert.False(unlabelled.Headers.Contains(LabelHeaders.Why));
    }

    [Fact]
    public async Task Call_Traced_ActivityTellsTheDecision()
    {
        var tags = new List<string?>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "Microsoft.AspNetCore",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (activity.GetTagItem("fairway.lane.service") is "orders" && activity.GetTagItem("fairway.lane") is "blue")
                {
                    lock (tags)
                    {
                        tags.Add($"{activity.GetTagItem("fairway.lane.label")} {activity.GetTagItem("fairway.lane.rule")} {activity.GetTagItem("fairway.lane.candidates")} {activity.GetTagItem("fairway.lane.table")}");
                    }
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        Assert.Equal("blue blue||", await _front.GetAsync("/call?service=orders", LaneHost.Signed(Label.Of("blue"))));
        await Testing.Eventually.True(() =>
        {
            lock (tags)
            {
                return tags.Contains("blue declared 1 a-7");
            }
        });
    }
}
