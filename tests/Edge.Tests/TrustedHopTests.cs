using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Fairway.Core.Lanes;

namespace Fairway.Edge.Tests;

/// <summary>
/// An edge that trusts 127.0.0.2 as a hop of the house and 127.0.0.3 as a proxy: who sends from there, and from elsewhere. Its one
/// service lives in base and in lanes blue and green.
/// </summary>
public sealed class TrustedHopTests : IAsyncLifetime
{
    private const string Hop = "127.0.0.2";
    private const string Proxy = "127.0.0.3";
    private const string Stranger = "127.0.0.4";
    private static readonly LabelKeys Keys = new(new Dictionary<string, string> { ["k1"] = EdgeServer.LaneKey }, null);
    private static readonly LabelKeys OtherKeys = new(new Dictionary<string, string> { ["k1"] = "another secret" }, null);

    private ScriptedGateway _gateway = null!;
    private Service[] _services = null!;
    private EdgeServer _edge = null!;

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public async Task InitializeAsync()
    {
        _gateway = await ScriptedGateway.StartAsync();
        _services = await Service.StartAsync("base", "blue", "green");
        _gateway.SetLanes(("blue", ["orders"]), ("green", ["orders"]));
        _gateway.Put("orders", Listing.Of(_services[0].Line(), _services[1].Line("blue"), _services[2].Line("green")));
        _edge = await EdgeServer.StartAsync(_gateway.Endpoint, ("Edge__TrustedHops", $"10.1.0.0/16,{Hop}"), ("Edge__TrustedProxies", Proxy));
        await _edge.ReadyAsync();
    }

    public async Task DisposeAsync()
    {
        await _edge.DisposeAsync();
        await _gateway.DisposeAsync();
        foreach (var service in _services)
        {
            await service.DisposeAsync();
        }
    }

    [Fact]
    public async Task Label_SignedByTheHouse_IsKeptFromAHopAndStrippedFromElsewhere()
    {
        var label = Label.Of("blue", stress: true, "10.9.9.9:80");
        (string, string)[] headers = [.. Signed(label, Keys), ("baggage", "mine=1,lane=blue,stress=1")];

        var kept = await GetAsync(Hop, headers);
        Assert.Equal("blue", kept.Id);
        Assert.Equal(label, Read(kept));
        Assert.Equal("mine=1,lane=blue,stress=1", kept.Got("baggage"));
        Assert.Equal(0, await SpoofedAsync());

        var stripped = await GetAsync(Stranger, headers);
        Assert.Equal("base", stripped.Id);
        Assert.All(LabelHeaders.All, header => Assert.Null(stripped.Got(header)));
        Assert.Equal("mine=1", stripped.Got("baggage"));
        Assert.Equal(1, await SpoofedAsync());
    }

    [Fact]
    public async Task Label_NotAsItWasSigned_IsTampered()
    {
        var signed = Signed(Label.Of("blue"), Keys);
        (string, string)[][] forged =
        [
            [("x-infr-flowtype", "green"), signed.Single(header => header.Name == "x-lane-sig")],
            [.. signed, ("x-infr-stress", "1")],
            [.. signed, ("x-infr-offline", "127.0.0.1:80")],
            [("x-infr-flowtype", "blue")],
            [signed.Single(header => header.Name == "x-lane-sig")],
            Signed(Label.Of("blue"), OtherKeys),
            Signed(Label.Of("blue"), Keys, Now.AddMinutes(-1)),
        ];

        foreach (var headers in forged)
        {
            (await GetAsync(Hop, headers)).AssertRefused(HttpStatusCode.BadRequest, "LANE_LABEL_TAMPERED");
        }
    }

    [Theory]
    [InlineData("blue, green", "LANE_LABEL_AMBIGUOUS")]
    [InlineData("no such/form", "LANE_LABEL_INVALID")]
    public async Task Label_OfABadForm_SaysSo(string lanes, string code) =>
        (await GetAsync(Hop, ("x-infr-flowtype", lanes), ("x-lane-sig", "k1.9999999999.x"))).AssertRefused(HttpStatusCode.BadRequest, code);

    [Fact]
    public async Task Label_OnTwoLines_IsOneIfTheyAgree()
    {
        var signature = Keys.Sign(Label.Of("blue"), Now.AddMinutes(5));

        Assert.Contains("\"id\":\"blue\"", await RawAsync(["x-infr-flowtype: blue", "X-Infr-FlowType: blue", $"x-lane-sig: {signature}"]), StringComparison.Ordinal);
        Assert.Contains("LANE_LABEL_AMBIGUOUS", await RawAsync(["x-infr-flowtype: blue", "X-Infr-FlowType: green", $"x-lane-sig: {signature}"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Label_UnsignedInBaggageOfAHop_IsNeverRead()
    {
        var reply = await GetAsync(Hop, ("baggage", "lane=blue,mine=1"), ("tracestate", "lane=blue"));

        Assert.Equal("base", reply.Id);
        Assert.Equal("mine=1", reply.Got("baggage"));
        Assert.Null(reply.Got("tracestate"));
    }

    [Fact]
    public async Task Label_OfAHop_BeatsWhitelistAndRatio()
    {
        _gateway.Set("grey", new JsonObject
        {
            ["orders"] = new JsonObject
            {
                ["target"] = "green", ["salt"] = "s", ["kill"] = false, ["ratioPer10000"] = 10_000, ["whitelist"] = new JsonArray("wanda"), ["regions"] = new JsonArray("eu"),
            },
        });
        var user = Tokens.Bearer(Tokens.Of("wanda"));
        await Soon.TrueAsync(async () => (await GetAsync(Stranger, user)).Id == "green");

        Assert.Equal("blue", (await GetAsync(Hop, [.. Signed(Label.Of("blue"), Keys), user])).Id);
    }

    [Fact]
    public async Task Region_OfATrustedProxy_CountsAndOfOthersIsTakenAway()
    {
        _gateway.Set("grey", new JsonObject
        {
            ["orders"] = new JsonObject
            {
                ["target"] = "green", ["salt"] = "s", ["kill"] = false, ["ratioPer10000"] = 0, ["whitelist"] = new JsonArray(), ["regions"] = new JsonArray("eu"),
            },
        });

        await Soon.TrueAsync(async () => (await GetAsync(Proxy, ("x-region", "eu"))).Id == "green");
        var stranger = await GetAsync(Stranger, ("x-region", "eu"));
        Assert.Equal("base", stranger.Id);
        Assert.Null(stranger.Got("x-region"));
        Assert.Equal("base", (await GetAsync(Hop, ("x-region", "eu"))).Id);
    }

    private static (string Name, string Value)[] Signed(Label label, LabelKeys keys, DateTimeOffset? until = null)
    {
        List<(string, string)> headers = [("x-lane-sig", keys.Sign(label, until ?? Now.AddMinutes(5)))];
        if (label.Lane is { } lane)
        {
            headers.Add(("x-infr-flowtype", lane));
        }

        if (label.Stress)
        {
            headers.Add(("x-infr-stress", "1"));
        }

        if (label.OfflineText.Length > 0)
        {
            headers.Add(("x-infr-offline", label.OfflineText));
        }

        return [.. headers];
    }

    /// <summary>The label that an instance got, its signature verified.</summary>
    private static Label Read(Reply reply)
    {
        Assert.True(LabelReader.TryRead(
            reply.Got(LabelHeaders.FlowType), reply.Got(LabelHeaders.Stress), reply.Got(LabelHeaders.Offline), reply.Got(LabelHeaders.Signature),
            Keys, Now, out var label, out _));
        return label;
    }

    /// <summary>Asks from an address of this machine.</summary>
    private async Task<Reply> GetAsync(string from, params (string Name, string Value)[] headers)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, ConnectCallback = async (_, cancellationToken) => new NetworkStream(await ConnectAsync(from, cancellationToken), ownsSocket: true) });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_edge.Endpoint, "/orders/x"));
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await client.SendAsync(request);
        return await Reply.ReadAsync(response);
    }

    /// <summary>Sends header lines from the hop as they are; the answer, head and body.</summary>
    private async Task<string> RawAsync(string[] lines)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        using var stream = new NetworkStream(await ConnectAsync(Hop, limit.Token), ownsSocket: true);
        await stream.WriteAsync(System.Text.Encoding.Latin1.GetBytes($"GET /orders/ HTTP/1.1\r\nHost: x\r\n{string.Concat(lines.Select(line => line + "\r\n"))}Connection: close\r\n\r\n"), limit.Token);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(limit.Token);
    }

    private async Task<Socket> ConnectAsync(string from, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        await socket.ConnectAsync(IPAddress.Loopback, _edge.Port, cancellationToken);
        return socket;
    }

    // Workers hand over what they counted once a second.
    private async Task<double> SpoofedAsync()
    {
        await Task.Delay(TimeSpan.FromSeconds(1.3), TimeProvider.System);
        return await _edge.MetricAsync("fairway_lane_spoof_total");
    }
}
