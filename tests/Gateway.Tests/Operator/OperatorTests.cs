using System.Net;
using Fairway.Testing;

namespace Fairway.Gateway.Tests.Operator;

[Collection(GatewayCollection.Name)]
public sealed class OperatorTests(GatewayFixture fixture)
{
    private GatewayHost Host => fixture.Host;

    [Fact]
    public async Task Policy_SetReadRemove_ChangesTheListAndIsAudited()
    {
        await Host.RegisterAsync("op-policy", "a");
        await Host.RegisterAsync("op-policy", "b");
        const string path = "/v1/services/op-policy/policy";
        (await Host.GetAsync(path)).AssertRefused(HttpStatusCode.NotFound, "NOT_SET");

        var set = await PutAsync(path, """{"mode":"manual","weights":{"b":200,"a":50},"author":"ann","reason":"drill","ticket":7}""");
        Assert.Equal(HttpStatusCode.Created, set.Status);
        Assert.Equal(7, set.Json.GetProperty("ticket").GetInt32());
        var best = (await Host.GetAsync("/v1/services/op-policy/best")).Json;
        Assert.Equal("manual", best.GetProperty("mode").GetString());
        Assert.Equal([("b", 2.0), ("a", 0.5)], best.GetProperty("instances").EnumerateArray()
            .Select(line => (line.GetProperty("id").GetString()!, line.GetProperty("weight").GetDouble())));

        var got = await Host.GetAsync(path);
        Assert.Equal((HttpStatusCode.OK, "ann", 7), (got.Status, got.Json.GetProperty("author").GetString(), got.Json.GetProperty("ticket").GetInt32()));
        Assert.Equal(HttpStatusCode.OK, (await PutAsync(path, """{"mode":"scored","author":"ann","reason":"over"}""")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await Host.DeleteAsync(path, GatewayHost.AdminKey)).Status);
        (await Host.DeleteAsync(path, GatewayHost.AdminKey)).AssertRefused(HttpStatusCode.NotFound, "NOT_SET");
        (await Host.GetAsync(path)).AssertRefused(HttpStatusCode.NotFound, "NOT_SET");
        Assert.Equal("scored", (await Host.GetAsync("/v1/services/op-policy/best")).Json.GetProperty("mode").GetString());

        Assert.Contains(Host.Log.Lines, line => line.Contains("Fairway.Audit: policy of op-policy set by ann", StringComparison.Ordinal) && line.Contains("drill", StringComparison.Ordinal));
        Assert.Contains("fairway_operator_changes_total{action=\"removed\",kind=\"policy\"}", (await Host.GetAsync("/metrics")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Policy_OfNobody_ShowsTheService()
    {
        await PutAsync("/v1/services/op-nobody/policy", """{"mode":"scored","author":"a","reason":"r"}""");
        var best = await Host.GetAsync("/v1/services/op-nobody/best");
        Assert.Equal((HttpStatusCode.OK, 0), (best.Status, best.Json.GetProperty("instances").GetArrayLength()));
        await Host.DeleteAsync("/v1/services/op-nobody/policy", GatewayHost.AdminKey);
        (await Host.GetAsync("/v1/services/op-nobody/best")).AssertRefused(HttpStatusCode.NotFound, "SERVICE_UNKNOWN");
    }

    [Theory]
    [InlineData("{\"mode\":\"manual\",\"reason\":\"r\"}")]
    [InlineData("{\"mode\":\"manual\",\"author\":\"a\"}")]
    [InlineData("{\"mode\":\"manual\",\"author\":\" \",\"reason\":\"r\"}")]
    [InlineData("{\"mode\":\"other\",\"author\":\"a\",\"reason\":\"r\"}")]
    [InlineData("{\"mode\":\"hash\",\"author\":\"a\",\"reason\":\"r\"}")]
    [InlineData("{\"mode\":\"hash\",\"hashKey\":\"body\",\"author\":\"a\",\"reason\":\"r\"}")]
    [InlineData("{\"mode\":\"hash\",\"hashKey\":\"header:\",\"author\":\"a\",\"reason\":\"r\"}")]
    [InlineData("{\"mode\":\"hash\",\"hashKey\":\"header:a b\",\"author\":\"a\",\"reason\":\"r\"}")]
    [InlineData("{\"weights\":{\"a\":-1},\"author\":\"a\",\"reason\":\"r\"}")]
    [InlineData("{\"weights\":{\"a\":\"1\"},\"author\":\"a\",\"reason\":\"r\"}")]
    [InlineData("{\"weights\":{\"a b\":1},\"author\":\"a\",\"reason\":\"r\"}")]
    [InlineData("{\"weights\":[1],\"author\":\"a\",\"reason\":\"r\"}")]
    [InlineData("{\"boundFactor\":0.9,\"author\":\"a\",\"reason\":\"r\"}")]
    [InlineData("{\"coefficients\":{\"speed\":1},\"author\":\"a\",\"reason\":\"r\"}")]
    [InlineData("{\"expiresAt\":\"2020-01-01T00:00:00Z\",\"author\":\"a\",\"reason\":\"r\"}")]
    [InlineData("{\"expiresAt\":\"tomorrow\",\"author\":\"a\",\"reason\":\"r\"}")]
    [InlineData("{\"expiresAt\":\"2090-01-01\",\"author\":\"a\",\"reason\":\"r\"}")]
    public async Task Policy_BadField_Is400(string body) =>
        (await PutAsync("/v1/services/op-bad/policy", body)).AssertRefused(HttpStatusCode.BadRequest, "BAD_FIELD");

    [Theory]
    [InlineData("user")]
    [InlineData("uri")]
    [InlineData("header:x-user")]
    [InlineData("cookie:sid")]
    public async Task Policy_Hash_TakesItsKeys(string key) => Assert.Equal(
        HttpStatusCode.OK,
        (await PutTwiceAsync("/v1/services/op-hash/policy", $$"""{"mode":"hash","hashKey":"{{key}}","boundFactor":1.5,"author":"a","reason":"r"}""")).Status);

    [Fact]
    public async Task Policy_RegistrarKey_IsNotEnough() =>
        (await Host.PutAsync("/v1/services/op-key/policy", """{"author":"a","reason":"r"}""")).AssertRefused(HttpStatusCode.Unauthorized, "KEY_REQUIRED");

    [Fact]
    public async Task Policy_Expires_IsNotSetAndOutOfForce()
    {
        await Host.RegisterAsync("op-expiry", "a");
        var at = DateTimeOffset.UtcNow.AddSeconds(1.5).ToString("O");
        Assert.Equal(HttpStatusCode.Created, (await PutAsync("/v1/services/op-expiry/policy", $$"""{"mode":"manual","weights":{"a":1},"author":"a","reason":"r","expiresAt":"{{at}}"}""")).Status);
        await Eventually.TrueAsync(async () => (await Host.GetAsync("/v1/services/op-expiry/best")).Json.GetProperty("mode").GetString() == "scored");
        (await Host.GetAsync("/v1/services/op-expiry/policy")).AssertRefused(HttpStatusCode.NotFound, "NOT_SET");
    }

    [Fact]
    public async Task Offline_MarkedAddress_LeavesTheListUntilRemoved()
    {
        await Host.RegisterAsync("op-off", "a", port: 7001);
        await Host.RegisterAsync("op-off", "b", port: 7002);
        const string path = "/v1/offline/10.0.0.1:7001";
        (await Host.GetAsync(path)).AssertRefused(HttpStatusCode.NotFound, "NOT_SET");
        Assert.Equal(HttpStatusCode.Created, (await PutAsync(path, """{"author":"ann","reason":"disk"}""")).Status);
        Assert.Equal(["b"], await Host.IdsAsync("op-off"));
        Assert.Contains("10.0.0.1:7001", (await Host.GetAsync("/v1/edge/snapshot")).Json.GetProperty("offline").EnumerateArray().Select(item => item.GetString()));
        var all = (await Host.GetAsync("/v1/services/op-off/best?all=true")).Json.GetProperty("instances").EnumerateArray();
        Assert.Equal("offline", all.Single(line => line.GetProperty("id").GetString() == "a").GetProperty("state").GetString());
        Assert.Equal(HttpStatusCode.NoContent, (await Host.DeleteAsync(path, GatewayHost.AdminKey)).Status);
        Assert.Equal(2, (await Host.IdsAsync("op-off")).Length);
    }

    [Theory]
    [InlineData("/v1/offline/nowhere", "{\"author\":\"a\",\"reason\":\"r\"}")]
    [InlineData("/v1/offline/10.0.0.1:99999", "{\"author\":\"a\",\"reason\":\"r\"}")]
    [InlineData("/v1/offline/10.0.0.1:7001", "{\"author\":\"a\"}")]
    [InlineData("/v1/offline/10.0.0.1:7001", "{\"author\":\"a\",\"reason\":\"\"}")]
    [InlineData("/v1/offline/10.0.0.1:7001", "{\"author\":\"a\",\"reason\":\"r\",\"expiresAt\":\"2020-01-01T00:00:00Z\"}")]
    [InlineData("/v1/services/op-grey/grey", "{}")]
    [InlineData("/v1/services/op-grey/grey", "{\"target\":\"\"}")]
    [InlineData("/v1/services/op-grey/grey", "{\"target\":\"l\",\"ratioPer10000\":10001}")]
    [InlineData("/v1/services/op-grey/grey", "{\"target\":\"l\",\"whitelist\":[1]}")]
    [InlineData("/v1/services/op-grey/grey", "{\"target\":\"l\",\"kill\":\"yes\"}")]
    [InlineData("/v1/services/op-limit/limits", "{}")]
    [InlineData("/v1/services/op-limit/limits", "{\"ratePerSecond\":0,\"burst\":1}")]
    [InlineData("/v1/services/op-limit/limits", "{\"ratePerSecond\":1,\"burst\":0.5}")]
    [InlineData("/v1/services/op-limit/limits", "{\"ratePerSecond\":1,\"burst\":1,\"onFailure\":\"maybe\"}")]
    public async Task Put_BadField_Is400(string path, string body) =>
        (await PutAsync(path, body)).AssertRefused(HttpStatusCode.BadRequest, "BAD_FIELD");

    [Theory]
    [InlineData("/v1/services/op-doc/grey", "{\"target\":\"blue\",\"salt\":\"s\",\"whitelist\":[\"u1\"],\"regions\":[],\"ratioPer10000\":500,\"kill\":false}", "target")]
    [InlineData("/v1/services/op-doc/limits", "{\"ratePerSecond\":10.5,\"burst\":20,\"onFailure\":\"closed\"}", "burst")]
    [InlineData("/v1/offline/[::1]:7009", "{\"author\":\"a\",\"reason\":\"r\"}", "reason")]
    public async Task Document_PutGetDelete_RoundTrips(string path, string body, string field)
    {
        Assert.Equal(HttpStatusCode.Created, (await PutAsync(path, body)).Status);
        Assert.Equal(HttpStatusCode.OK, (await PutAsync(path, body)).Status);
        var sent = System.Text.Json.JsonDocument.Parse(body).RootElement.GetProperty(field).GetRawText();
        Assert.Equal(sent, (await Host.GetAsync(path)).Json.GetProperty(field).GetRawText());
        Assert.Equal(HttpStatusCode.NoContent, (await Host.DeleteAsync(path, GatewayHost.AdminKey)).Status);
        (await Host.DeleteAsync(path, GatewayHost.AdminKey)).AssertRefused(HttpStatusCode.NotFound, "NOT_SET");
    }

    [Fact]
    public async Task Limits_Set_AreInTheEdgeSnapshot()
    {
        await PutAsync("/v1/services/op-edge/limits", """{"ratePerSecond":5,"burst":10}""");
        var limit = (await Host.GetAsync("/v1/edge/snapshot")).Json.GetProperty("limits").GetProperty("op-edge");
        Assert.Equal((5, 10, "open"), (limit.GetProperty("ratePerSecond").GetDouble(), limit.GetProperty("burst").GetDouble(), limit.GetProperty("onFailure").GetString()));
    }

    private Task<Answer> PutAsync(string path, string body) => Host.PutAsync(path, body, GatewayHost.AdminKey);

    private async Task<Answer> PutTwiceAsync(string path, string body)
    {
        await PutAsync(path, body);
        return await PutAsync(path, body);
    }
}
