using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fairway.Core.Balancing;

namespace Fairway.Edge.Tests;

/// <summary>Users' paths of the gateways: verified at the edge, always at the same gateway, unbuffered.</summary>
[Collection(EdgeCollection.Name)]
public sealed class AuthTests(EdgeFixture fixture)
{
    [Theory]
    [InlineData("/v1/streams")]
    [InlineData("/v1/streams/current/events")]
    [InlineData("/v1/streams/1/ack")]
    [InlineData("/v1/history")]
    [InlineData("/v1/session")]
    public async Task Call_WithoutToken_IsTokenRequired(string path) =>
        (await fixture.Edge.GetAsync(path)).AssertRefused(HttpStatusCode.Unauthorized, "TOKEN_REQUIRED");

    [Fact]
    public async Task Call_WithABadToken_IsTokenInvalid()
    {
        var expired = DateTimeOffset.UnixEpoch.AddYears(40).ToUnixTimeSeconds();
        foreach (var token in new[]
        {
            "x", "a.b.c", Tokens.Of("ann", secret: "other"), Tokens.Of("ann", life: TimeSpan.FromMinutes(-2)),
            Tokens.Sign("""{"alg":"none"}""", $$"""{"sub":"ann","exp":{{expired * 2}}}""", EdgeServer.JwtSecret),
        })
        {
            (await fixture.Edge.GetAsync("/v1/history", Tokens.Bearer(token))).AssertRefused(HttpStatusCode.Unauthorized, "TOKEN_INVALID");
        }
    }

    [Fact]
    public async Task Call_WithATokenOrTheCookie_ReachesTheGateway()
    {
        var token = Tokens.Of("ann");
        var reply = await fixture.Edge.GetAsync("/v1/history?conversation=main", Tokens.Bearer(token));

        Assert.Equal("gateway", reply.Id);
        Assert.Equal("/v1/history?conversation=main", reply.Json.GetProperty("target").GetString());
        Assert.Equal($"Bearer {token}", reply.Got("authorization"));
        Assert.Equal("gateway", (await fixture.Edge.GetAsync("/v1/history", ("Cookie", $"a=b; fairway_session={token}"))).Id);
    }

    [Theory]
    [InlineData("/v1/chat/completions")]
    [InlineData("/v1/responses")]
    [InlineData("/v1/responses/resp_1/cancel")]
    [InlineData("/v1/models/demo")]
    public async Task Call_OfOpenAisApi_IsRefusedInItsShape(string path)
    {
        var reply = await fixture.Edge.SendAsync(HttpMethod.Post, path, new StringContent("{}"));

        Assert.Equal(HttpStatusCode.Unauthorized, reply.Status);
        Assert.Equal("application/json", reply.Headers["Content-Type"]);
        Assert.Equal("TOKEN_REQUIRED", reply.Json.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(JsonValueKind.Null, reply.Json.GetProperty("error").GetProperty("param").ValueKind);
    }

    [Theory]
    [InlineData("/v1/streams/%31/ack")]
    [InlineData("/v1/./streams")]
    public async Task Call_WrittenWithEscapesOrDots_IsBadPath(string path)
    {
        using var raw = new RawRequest(fixture.Edge.Port);
        var reply = await raw.SendAsync($"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        Assert.Contains("\"code\":\"BAD_PATH\"", reply, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Users_OverThreeGateways_EachHasOne()
    {
        await using var one = await ScriptedGateway.StartAsync("g1");
        await using var two = await ScriptedGateway.StartAsync("g2");
        await using var three = await ScriptedGateway.StartAsync("g3");
        ScriptedGateway[] all = [one, two, three];
        one.Set("gateways", new JsonArray([.. all.Select(gateway => (JsonNode?)new JsonObject { ["id"] = gateway.Id, ["address"] = gateway.Address, ["version"] = "1" })]));
        await using var edge = await EdgeServer.StartAsync(one.Endpoint);
        await edge.ReadyAsync();

        for (var user = 0; user < 40; user++)
        {
            var owner = Rendezvous.Owner($"user-{user}", ["g1", "g2", "g3"]);
            Assert.Equal(owner, (await edge.GetAsync("/v1/history", Tokens.Bearer(Tokens.Of($"user-{user}")))).Id);
        }

        // A gateway that is gone gives its users to others, and nobody is refused.
        await three.StopAsync();
        for (var user = 0; user < 40; user++)
        {
            var owner = Rendezvous.Owner($"user-{user}", ["g1", "g2", "g3"]);
            var reply = await edge.SendAsync(HttpMethod.Post, "/v1/streams", new StringContent("{}"), Tokens.Bearer(Tokens.Of($"user-{user}")));
            Assert.Equal(owner == "g3" ? Rendezvous.Owner($"user-{user}", ["g1", "g2"]) : owner, reply.Id);
        }
    }

    [Fact]
    public async Task Gateways_AllAway_IsGatewayAway()
    {
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var edge = await EdgeServer.StartAsync(gateway.Endpoint);
        await edge.ReadyAsync();
        await gateway.StopAsync();

        (await edge.GetAsync("/v1/history", Tokens.Bearer(Tokens.Of("ann")))).AssertRefused(HttpStatusCode.ServiceUnavailable, "GATEWAY_AWAY");
    }

    [Theory]
    [InlineData("Edge__Port", "http", "Edge__Port")]
    [InlineData("Edge__Retries", "many", "Edge__Retries")]
    [InlineData("Edge__Gateways", "gateway", "Edge__Gateways")]
    [InlineData("Edge__Id", "not a name", "Edge__Id")]
    [InlineData("Edge__AdvertiseAddress", "edge:80", "Edge__AdvertiseAddress")]
    [InlineData("Edge__HoldSeconds", "-1", "Edge__HoldSeconds")]
    [InlineData("Edge__TrustedHops", "10.0.0.0/99", "Edge__TrustedHops")]
    [InlineData("Auth__JwksFile", "/nowhere/keys.json", "Auth__JwksFile")]
    [InlineData("Edge__Redis", "localhost", "Edge__Redis")]
    public async Task Start_WithABadOption_NamesIt(string name, string value, string named)
    {
        var said = await EdgeServer.RefusalAsync((name, value));

        Assert.Contains("EDGE_CONFIG", said, StringComparison.Ordinal);
        Assert.Contains(named, said, StringComparison.Ordinal);
    }
}
