using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text.Json;
using Fairway.Core.Lanes;
using Fairway.Core.Telemetry;
using Fairway.GrpcWire;
using Fairway.Sdk.Lanes;
using Fairway.Testing;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.DependencyInjection;

namespace Fairway.Sdk.Tests.Lanes;

public sealed class IngressTests : IAsyncLifetime
{
    private LaneHost _host = null!;

    public async Task InitializeAsync() => _host = await LaneHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Request_NoOrEmptyLabel_IsBase()
    {
        Assert.Equal("base||", await _host.GetAsync("/label"));
        Assert.Equal("base||", await _host.GetAsync("/label", [new(LabelHeaders.FlowType, "")]));
        Assert.Equal("base||", await _host.GetAsync("/label", [new(LabelHeaders.FlowType, " "), new(LabelHeaders.Stress, "")]));
    }

    [Fact]
    public async Task Request_SignedLabel_IsCurrentAndGoneAfterwards()
    {
        var label = Label.Of("blue", true, "10.0.0.1:80");
        using var answer = await _host.SendAsync("/label", LaneHost.Signed(label));
        Assert.Equal("blue|1|10.0.0.1:80", await answer.Content.ReadAsStringAsync());
        Assert.Contains(LabelHeaders.FlowType, answer.Headers.Vary);
        Assert.Equal("base||", await _host.GetAsync("/label"));
    }

    [Theory]
    [InlineData("blue", null, "LANE_LABEL_TAMPERED")]
    [InlineData("blue", "k1.99999999999.AAAA", "LANE_LABEL_TAMPERED")]
    [InlineData("bl ue", null, "LANE_LABEL_INVALID")]
    [InlineData("blue,green", null, "LANE_LABEL_AMBIGUOUS")]
    public async Task Request_BadLabel_Is400WithItsCode(string lane, string? signature, string code)
    {
        List<KeyValuePair<string, string>> headers = [new(LabelHeaders.FlowType, lane)];
        if (signature is not null)
        {
            headers.Add(new(LabelHeaders.Signature, signature));
        }

        using var answer = await _host.SendAsync("/label", headers);
        Assert.Equal((HttpStatusCode.BadRequest, "application/problem+json"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal((code, 400), (body.RootElement.GetProperty("code").GetString(), body.RootElement.GetProperty("status").GetInt32()));
    }

    [Fact]
    public async Task Request_TwoLinesThatDiffer_IsAmbiguous()
    {
        var signed = LaneHost.Signed(Label.Of("blue"));
        using var answer = await _host.SendAsync("/label", [.. signed, new(LabelHeaders.FlowType, "green")]);
        Assert.Contains("LANE_LABEL_AMBIGUOUS", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal("blue||", await _host.GetAsync("/label", [.. signed, new(LabelHeaders.FlowType, "blue")]));
    }

    [Fact]
    public async Task Request_ForgedInBaggage_IsNotReadAndGoesNoFurther()
    {
        using var activities = Listen();
        Assert.Equal("base||", await _host.GetAsync("/label", [new("baggage", "lane=blue,stress=1,team=x")]));
        var next = await _host.GetAsync($"/hop?to={_host.Address}headers", [new("traceparent", Parent), new("baggage", "lane=blue, stress=1,team=x")]);
        Assert.Contains("baggage: team", next, StringComparison.Ordinal);
        Assert.DoesNotContain("lane", next, StringComparison.Ordinal);
        Assert.DoesNotContain("stress", next, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_NoKeys_TakesNoLabel()
    {
        await using var host = await LaneHost.StartAsync(new() { [$"Lanes:Keys:{LaneHost.Kid}"] = null });
        using var answer = await host.SendAsync("/label", LaneHost.Signed(Label.Of("blue")));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("base||", await host.GetAsync("/label"));
    }

    /// <summary>What was verified once is remembered: neither a change of any part nor its end may pass for that.</summary>
    [Fact]
    public async Task TryRead_VerifiedBefore_ForgeriesOfItAreStillRefused()
    {
        var clock = new ManualClock();
        await using var host = await LaneHost.StartAsync(time: clock);
        var ingress = host.App.Services.GetRequiredService<LaneIngress>();
        var signed = LaneHost.Signed(Label.Of("blue", true, "10.0.0.1:80"), clock.GetUtcNow());
        string[] good = [signed[LabelHeaders.FlowType], "1", "10.0.0.1:80", signed[LabelHeaders.Signature]];
        Assert.True(Take(good));
        Assert.True(Take(good));
        Assert.False(Take(["green", good[1], good[2], good[3]]));
        Assert.False(Take([good[0], "", good[2], good[3]]));
        Assert.False(Take([good[0], good[1], "10.0.0.2:80", good[3]]));
        for (var at = 0; at < good[3].Length; at++)
        {
            Assert.False(Take([good[0], good[1], good[2], good[3][..at] + (good[3][at] == 'A' ? 'B' : 'A') + good[3][(at + 1)..]]));
        }

        Assert.True(Take(good));
        clock.Advance(TimeSpan.FromSeconds(60));
        Assert.False(Take(good));

        bool Take(string[] headers) => ingress.TryRead(headers[0], headers[1], headers[2], headers[3], out _, out _);
    }

    /// <summary>With FAIRWAY_SOAK 100,000 of them.</summary>
    [Fact]
    public async Task TryRead_FuzzedForgeries_NoneIsAdoptedAndEachIsCounted()
    {
        var rounds = Environment.GetEnvironmentVariable("FAIRWAY_SOAK") is null ? 10_000 : 100_000;
        await using var host = await LaneHost.StartAsync();
        var factory = host.App.Services.GetRequiredService<IMeterFactory>();
        using var scrape = new MeterScrape(meter => ReferenceEquals(meter.Scope, factory));
        var ingress = host.App.Services.GetRequiredService<LaneIngress>();
        var random = new Random(3);
        var signed = Enumerable.Range(0, 50).Select(i => LaneHost.Signed(Label.Of($"lane-{i}", i % 2 == 0), seconds: 3600)).ToList();
        Assert.All(signed, headers => Assert.True(Take(headers))); // so that all of them are remembered
        for (var round = 0; round < rounds; round++)
        {
            var forged = new Dictionary<string, string>(signed[random.Next(signed.Count)]);
            var signature = forged[LabelHeaders.Signature];
            var at = random.Next(signature.Length);
            switch (random.Next(4))
            {
                case 0:
                    forged[LabelHeaders.FlowType] += random.Next(10);
                    break;
                case 1:
                    forged[LabelHeaders.Stress] = forged[LabelHeaders.Stress].Length == 0 ? "1" : "";
                    break;
                case 2:
                    forged[LabelHeaders.Signature] = signature[..at] + (signature[at] == 'x' ? 'y' : 'x') + signature[(at + 1)..];
                    break;
                default:
                    forged[LabelHeaders.Offline] = $"10.0.0.{random.Next(255)}:80";
                    break;
            }

            Assert.False(Take(forged));
        }

        var counted = scrape.Write().Split('\n')
            .Where(line => line.StartsWith("fairway_lane_labels_refused_total{", StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..]));
        Assert.Equal(rounds, counted);

        bool Take(Dictionary<string, string> headers) => ingress.TryRead(
            headers[LabelHeaders.FlowType], headers[LabelHeaders.Stress], headers[LabelHeaders.Offline], headers[LabelHeaders.Signature], out _, out _);
    }

    [Fact]
    public async Task Grpc_LabelInMetadata_IsTakenOrRefusedWithAStatus()
    {
        var method = new GrpcMethod<StringValue, StringValue>("t.Lanes", "Say");
        await using var host = await LaneHost.StartAsync(map: app => app.MapGrpcUnary(
            method, (_, _) => Task.FromResult(new StringValue { Value = LaneHost.Describe(LaneContext.Current) })));
        var egress = (LaneEgress)host.App.Services.GetService(typeof(LaneEgress))!;
        using var channel = new GrpcChannel(host.GrpcAddress, new GrpcChannelOptions().WithLanes(egress));
        Assert.Equal("base||", await SayAsync());
        using (LaneContext.Use(Label.Of("blue", true)))
        {
            Assert.Equal("blue|1|", await SayAsync());
        }

        using var plain = new GrpcChannel(host.GrpcAddress);
        var forged = await Assert.ThrowsAsync<GrpcException>(() => plain.UnaryAsync(
            method, new(), new GrpcCallOptions { Headers = new GrpcMetadata().Add(LabelHeaders.FlowType, "blue") }));
        Assert.Equal((GrpcStatus.InvalidArgument, "LANE_LABEL_TAMPERED"), (forged.Status, forged.Detail));

        async Task<string> SayAsync() => (await channel.UnaryAsync(method, new())).Value;
    }

    private const string Parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private static ActivityListener Listen()
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = static _ => true,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}
