using System.Net;
using System.Text.Json;
using Fairway.Testing;

namespace Fairway.Gateway.Tests.Lanes;

[Collection(GatewayCollection.Name)]
public sealed class LaneTests(GatewayFixture fixture)
{
    private GatewayHost Host => fixture.Host;

    [Fact]
    public async Task Lane_PutListDelete_HasTheFieldsOfTheContract()
    {
        var put = await Host.PutAsync("/v1/lanes/l-basic", """{"owner":"ann","ttlSeconds":600}""");
        Assert.Equal(HttpStatusCode.Created, put.Status);
        Assert.Equal(HttpStatusCode.OK, (await Host.PutAsync("/v1/lanes/l-basic", """{"owner":"bob","ttlSeconds":900}""")).Status);
        var list = await Host.GetAsync("/v1/lanes");
        Assert.Equal($"\"{list.Json.GetProperty("version").GetString()}\"", list.ETag);
        var lane = Lane(list, "l-basic")!.Value;
        Assert.Equal(("bob", 900), (lane.GetProperty("owner").GetString(), lane.GetProperty("ttlSeconds").GetInt32()));
        var created = lane.GetProperty("createdAt").GetDateTimeOffset();
        Assert.Equal(created.AddSeconds(900), lane.GetProperty("expiresAt").GetDateTimeOffset());
        Assert.Equal(0, lane.GetProperty("services").GetArrayLength());

        Assert.Equal(HttpStatusCode.NoContent, (await Host.DeleteAsync("/v1/lanes/l-basic")).Status);
        Assert.Null(Lane(await Host.GetAsync("/v1/lanes"), "l-basic"));
        (await Host.DeleteAsync("/v1/lanes/l-basic")).AssertRefused(HttpStatusCode.NotFound, "NOT_SET");
    }

    [Theory]
    [InlineData("/v1/lanes/l-bad", "{}", 400, "BAD_FIELD")]
    [InlineData("/v1/lanes/l-bad", "{\"owner\":\"\"}", 400, "BAD_FIELD")]
    [InlineData("/v1/lanes/l-bad", "{\"owner\":\"a\",\"ttlSeconds\":0}", 400, "BAD_FIELD")]
    [InlineData("/v1/lanes/l-bad", "[", 400, "BAD_JSON")]
    [InlineData("/v1/lanes/a%20b", "{\"owner\":\"a\"}", 400, "BAD_NAME")]
    [InlineData("/v1/lanes/base", "{\"owner\":\"a\"}", 400, "NAME_RESERVED")]
    [InlineData("/v1/lanes/l-none/services/s", "{}", 409, "LANE_UNKNOWN")]
    [InlineData("/v1/lanes/l-none/services/s", "{\"onConsumerDown\":\"drop\"}", 400, "BAD_FIELD")]
    [InlineData("/v1/lanes/l-none/services/v1", "{}", 400, "NAME_RESERVED")]
    public async Task Put_BadCall_IsRefused(string path, string body, int status, string code) =>
        (await Host.PutAsync(path, body)).AssertRefused((HttpStatusCode)status, code);

    [Fact]
    public async Task Lane_Expires_IsAbsentWithinASecond()
    {
        await Host.PutAsync("/v1/lanes/l-expiry", """{"owner":"ann","ttlSeconds":1}""");
        Assert.NotNull(Lane(await Host.GetAsync("/v1/lanes"), "l-expiry"));
        await Eventually.TrueAsync(async () => Lane(await Host.GetAsync("/v1/lanes"), "l-expiry") is null);
        (await Host.PutAsync("/v1/services/l-expired/instances/a", """{"address":"10.0.0.1:80","lane":"l-expiry"}""")).AssertRefused(HttpStatusCode.Conflict, "LANE_UNKNOWN");
        Assert.Equal(HttpStatusCode.Created, (await Host.PutAsync("/v1/lanes/l-expiry", """{"owner":"ann"}""")).Status);
    }

    [Fact]
    public async Task Declaration_ByOperator_ComesBeforeTheServiceAndStays()
    {
        await Host.PutAsync("/v1/lanes/l-declare", """{"owner":"ann"}""");
        var put = await Host.PutAsync("/v1/lanes/l-declare/services/l-future", "{\"onConsumerDown\":\"base\"}");
        Assert.Equal(HttpStatusCode.Created, put.Status);
        Assert.Equal("""{"service":"l-future","declaredBy":"operator","onConsumerDown":"base"}""", put.Text);
        Assert.Equal(HttpStatusCode.OK, (await Host.PutAsync("/v1/lanes/l-declare/services/l-future", "")).Status);
        Assert.Equal("operator park", Declared("l-declare", "l-future", await Host.GetAsync("/v1/lanes")));

        await Host.RegisterAsync("l-future", "a", ",\"lane\":\"l-declare\"");
        await Host.DeleteAsync("/v1/services/l-future/instances/a");
        Assert.Equal("operator park", Declared("l-declare", "l-future", await Host.GetAsync("/v1/lanes")));
        var services = (await Host.GetAsync("/v1/services")).Json.GetProperty("services").EnumerateArray();
        var line = services.Single(service => service.GetProperty("service").GetString() == "l-future");
        Assert.Equal(("l-declare", 0), (line.GetProperty("lanes")[0].GetString(), line.GetProperty("instances").GetInt32()));

        Assert.Equal(HttpStatusCode.NoContent, (await Host.DeleteAsync("/v1/lanes/l-declare/services/l-future")).Status);
        (await Host.DeleteAsync("/v1/lanes/l-declare/services/l-future")).AssertRefused(HttpStatusCode.NotFound, "NOT_SET");
        (await Host.GetAsync("/v1/services/l-future/best")).AssertRefused(HttpStatusCode.NotFound, "SERVICE_UNKNOWN");
    }

    [Fact]
    public async Task Declaration_ByRegistration_GoesWithTheLastGracefulLeave()
    {
        await Host.PutAsync("/v1/lanes/l-auto", """{"owner":"ann"}""");
        await Host.RegisterAsync("l-svc", "a", ",\"lane\":\"l-auto\"");
        await Host.RegisterAsync("l-svc", "b", ",\"lane\":\"l-auto\"");
        await Host.RegisterAsync("l-svc", "c");
        Assert.Equal("registration park", Declared("l-auto", "l-svc", await Host.GetAsync("/v1/lanes")));
        Assert.Equal(["a", "b"], (await Host.IdsAsync("l-svc", "?lane=l-auto")).Order());
        Assert.Equal(["c"], await Host.IdsAsync("l-svc"));

        await Host.DeleteAsync("/v1/services/l-svc/instances/a");
        Assert.Equal("registration park", Declared("l-auto", "l-svc", await Host.GetAsync("/v1/lanes")));
        Assert.Equal(HttpStatusCode.OK, (await Host.PutAsync("/v1/services/l-svc/instances/b", """{"address":"10.0.0.1:8080"}""")).Status);
        Assert.Null(Declared("l-auto", "l-svc", await Host.GetAsync("/v1/lanes")));
    }

    [Fact]
    public async Task LaneDelete_TakesItsDeclarations()
    {
        await Host.PutAsync("/v1/lanes/l-gone", """{"owner":"ann"}""");
        await Host.PutAsync("/v1/lanes/l-gone/services/l-gone-svc", "{}");
        await Host.DeleteAsync("/v1/lanes/l-gone");
        (await Host.GetAsync("/v1/services/l-gone-svc/best")).AssertRefused(HttpStatusCode.NotFound, "SERVICE_UNKNOWN");
        await Host.PutAsync("/v1/lanes/l-gone", """{"owner":"ann"}""");
        Assert.Null(Declared("l-gone", "l-gone-svc", await Host.GetAsync("/v1/lanes")));
    }

    [Fact]
    public async Task Route_LanesAndBase_FollowTheRules()
    {
        await Host.PutAsync("/v1/lanes/l-route", """{"owner":"ann"}""");
        await Host.RegisterAsync("l-r", "base1");
        Check(await Route("l-r", ""), "route", null, null, null, "base1");
        Check(await Route("l-r", "?label=l-route"), "route", null, null, "l-route", "base1");
        await Host.RegisterAsync("l-r", "lane1", ",\"lane\":\"l-route\"");
        Check(await Route("l-r", "?label=l-route"), "route", null, "l-route", "l-route", "lane1");
        await Host.PostAsync("/v1/services/l-r/instances/lane1/status", """{"serving":false}""");
        Check(await Route("l-r", "?label=l-route"), "error", "LANE_SERVICE_DOWN", null, "l-route", "");
        Check(await Route("l-r", "?label=unheard-of"), "route", null, null, "unheard-of", "base1");
        Check(await Route("l-r", "?label=a%20b"), "error", "LANE_LABEL_INVALID", null, null, "");
        Check(await Route("l-nobody", ""), "error", "NO_PROVIDER", null, null, "");
        Check(await Route("base", ""), "error", "NO_PROVIDER", null, null, "");
        (await Route("a%20b", "")).AssertRefused(HttpStatusCode.BadRequest, "BAD_NAME");
    }

    [Fact]
    public async Task Route_AtTheEntry_FollowsTheGreyRule()
    {
        await Host.PutAsync("/v1/lanes/l-grey", """{"owner":"ann"}""");
        await Host.RegisterAsync("l-g", "base1");
        await Host.RegisterAsync("l-g", "lane1", ",\"lane\":\"l-grey\"");
        await Host.PutAsync("/v1/services/l-g/grey", """{"target":"l-grey","whitelist":["ann"],"regions":["eu"]}""", GatewayHost.AdminKey);
        Check(await Route("l-g", "?user=ann"), "route", null, "l-grey", "l-grey", "lane1");
        Check(await Route("l-g", "?user=bob&region=eu"), "route", null, "l-grey", "l-grey", "lane1");
        Check(await Route("l-g", "?user=bob"), "route", null, null, null, "base1");
    }

    [Fact]
    public async Task Route_LabelsAndOfflineAddresses_AreReadAsOnAHop()
    {
        await Host.PutAsync("/v1/lanes/l-hop", """{"owner":"ann"}""");
        await Host.PutAsync("/v1/services/l-h/instances/a", """{"address":"10.7.0.1:80"}""");
        await Host.PutAsync("/v1/services/l-h/instances/b", """{"address":"10.7.0.2:80"}""");
        Check(await Route("l-h", "?label="), "route", null, null, null, "a,b");
        Check(await Route("l-h", "?label=l-hop&label=&label=l-hop"), "route", null, null, "l-hop", "a,b");
        Check(await Route("l-h", "?label=l-hop&label=other"), "error", "LANE_LABEL_AMBIGUOUS", null, null, "");
        Check(await Route("l-h", "?label=l-hop&label=a%20b"), "error", "LANE_LABEL_INVALID", null, null, "");
        Check(await Route("l-h", "?label=" + new string('x', 65)), "error", "LANE_LABEL_INVALID", null, null, "");
        Check(await Route("l-h", "?offline=10.7.0.1:80"), "route", null, null, null, "b");
        Check(await Route("l-h", "?offline=10.7.0.1:80,%2010.7.0.2:80"), "error", "NO_PROVIDER", null, null, "");
        (await Route("l-h", "?offline=nowhere")).AssertRefused(HttpStatusCode.BadRequest, "BAD_FIELD");
        await Host.PutAsync("/v1/offline/10.7.0.2:80", """{"author":"ann","reason":"test"}""", GatewayHost.AdminKey);
        Check(await Route("l-h", "?offline=10.7.0.1:80"), "error", "NO_PROVIDER", null, null, "");
    }

    [Fact]
    public async Task Route_Decision_NamesRuleAndTableAndCountsUnknownLabels()
    {
        await Host.PutAsync("/v1/lanes/l-why", """{"owner":"ann"}""");
        await Host.RegisterAsync("l-w", "a");
        var before = await UnknownAsync();
        var known = (await Route("l-w", "?label=l-why")).Json;
        Assert.Equal("undeclared", known.GetProperty("rule").GetString());
        Assert.Equal(before, await UnknownAsync());

        var table = known.GetProperty("table").GetString();
        Assert.Contains($"lane table {table}", known.GetProperty("why").EnumerateArray().Select(line => line.GetString()));
        await Host.PutAsync("/v1/lanes/l-why/services/l-w", "{}");
        var declared = (await Route("l-w", "?label=l-why")).Json;
        Assert.Equal(("declared", "LANE_SERVICE_DOWN"), (declared.GetProperty("rule").GetString(), declared.GetProperty("code").GetString()));
        Assert.NotEqual(table, declared.GetProperty("table").GetString());

        await Route("l-w", "?label=nobody-knows-it");
        Assert.Equal(before + 1, await UnknownAsync());
        Assert.Contains("fairway_lane_instances{lane=\"base\"}", (await Host.GetAsync("/metrics")).Text, StringComparison.Ordinal);

        async Task<double> UnknownAsync() => (await Host.GetAsync("/metrics")).Text.Split('\n')
            .Where(line => line.StartsWith("fairway_lane_unknown_total", StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..]));
    }

    private Task<Answer> Route(string service, string query) => Host.GetAsync($"/v1/services/{service}/route{query}");

    private static void Check(Answer answer, string result, string? code, string? lane, string? label, string candidates)
    {
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        var json = answer.Json;
        Assert.Equal(
            (result, code, lane, label, candidates),
            (json.GetProperty("result").GetString(), json.GetProperty("code").GetString(), json.GetProperty("lane").GetString(),
                json.GetProperty("label").GetString(), string.Join(',', json.GetProperty("candidates").EnumerateArray().Select(id => id.GetString()))));
        Assert.Equal(JsonValueKind.Array, json.GetProperty("why").ValueKind);
    }

    private static JsonElement? Lane(Answer list, string name) => list.Json.GetProperty("lanes").EnumerateArray()
        .Where(lane => lane.GetProperty("lane").GetString() == name).Select(lane => (JsonElement?)lane).SingleOrDefault();

    private static string? Declared(string lane, string service, Answer list) => Lane(list, lane)!.Value.GetProperty("services").EnumerateArray()
        .Where(declaration => declaration.GetProperty("service").GetString() == service)
        .Select(declaration => $"{declaration.GetProperty("declaredBy").GetString()} {declaration.GetProperty("onConsumerDown").GetString()}")
        .SingleOrDefault();
}
