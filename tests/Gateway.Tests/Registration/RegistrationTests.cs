using System.Net;
using Fairway.Testing;

namespace Fairway.Gateway.Tests.Registration;

[Collection(GatewayCollection.Name)]
public sealed class RegistrationTests(GatewayFixture fixture)
{
    private GatewayHost Host => fixture.Host;

    [Fact]
    public async Task Put_AddressOnly_Is201WithDefaultsAndShownAtOnce()
    {
        var answer = await Host.PutAsync("/v1/services/reg-new/instances/a", """{"address":"10.0.0.1:8080"}""");
        Assert.Equal((HttpStatusCode.Created, "application/json"), (answer.Status, answer.ContentType));
        Assert.Equal("reg-new", answer.Json.GetProperty("service").GetString());
        Assert.Equal("a", answer.Json.GetProperty("id").GetString());
        Assert.Equal("none", answer.Json.GetProperty("probe").GetString());
        Assert.Equal("http", answer.Json.GetProperty("protocol").GetString());
        Assert.Equal(100, answer.Json.GetProperty("weight").GetInt32());
        Assert.Equal(30, answer.Json.GetProperty("ttlSeconds").GetInt32());
        Assert.Equal("null", answer.Json.GetProperty("lane").GetRawText());

        var line = Assert.Single((await Host.GetAsync("/v1/services/reg-new/best")).Json.GetProperty("instances").EnumerateArray());
        Assert.Equal("10.0.0.1:8080", line.GetProperty("address").GetString());
        Assert.True(line.GetProperty("state").GetString() is "unknown" or "ready");
    }

    [Fact]
    public async Task Put_Again_Is200AndReplaces()
    {
        await Host.RegisterAsync("reg-again", "a");
        var answer = await Host.PutAsync("/v1/services/reg-again/instances/a", """{"address":"10.0.0.2:81","zone":"z2","ttlSeconds":60,"lane":""}""");
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        var line = Assert.Single((await Host.GetAsync("/v1/services/reg-again/best")).Json.GetProperty("instances").EnumerateArray());
        Assert.Equal(("10.0.0.2:81", "z2"), (line.GetProperty("address").GetString(), line.GetProperty("zone").GetString()));
    }

    [Fact]
    public async Task Put_UnknownFields_AreKept()
    {
        var answer = await Host.PutAsync("/v1/services/reg-extra/instances/a", """{"address":"10.0.0.1:8080","team":{"name":"blue"}}""");
        Assert.Equal("blue", answer.Json.GetProperty("team").GetProperty("name").GetString());
        var stored = await Host.Registry.GetAsync("/fairway/instances/reg-extra/a");
        Assert.Contains("\"team\":{\"name\":\"blue\"}", stored!.Value.Value.ToStringUtf8(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "BAD_JSON")]
    [InlineData("{", "BAD_JSON")]
    [InlineData("[]", "BAD_JSON")]
    [InlineData("null", "BAD_JSON")]
    [InlineData("\"x\"", "BAD_JSON")]
    [InlineData("{\"address\":\"10.0.0.1:80\",}", "BAD_JSON")]
    [InlineData("{\"address\":\"10.0.0.1:80\",\"address\":\"10.0.0.1:81\"}", "BAD_JSON")]
    [InlineData("{\"address\":\"10.0.0.1:80\",\"x\":\"\\ud800\"}", "BAD_JSON")]
    [InlineData("{\"address\":\"10.0.0.1:80\",\"weight\":NaN}", "BAD_JSON")]
    [InlineData("{}", "BAD_FIELD")]
    [InlineData("{\"address\":null}", "BAD_FIELD")]
    [InlineData("{\"address\":5}", "BAD_FIELD")]
    [InlineData("{\"address\":\"\"}", "BAD_FIELD")]
    [InlineData("{\"address\":\"10.0.0.1\"}", "BAD_FIELD")]
    [InlineData("{\"address\":\"10.0.0.1:0\"}", "BAD_FIELD")]
    [InlineData("{\"address\":\"10.0.0.1:65536\"}", "BAD_FIELD")]
    [InlineData("{\"address\":\"10.0.0.1:080\"}", "BAD_FIELD")]
    [InlineData("{\"address\":\"10.0.1:80\"}", "BAD_FIELD")]
    [InlineData("{\"address\":\"10.0.0.256:80\"}", "BAD_FIELD")]
    [InlineData("{\"address\":\"host.name:80\"}", "BAD_FIELD")]
    [InlineData("{\"address\":\"::1:80\"}", "BAD_FIELD")]
    [InlineData("{\"address\":\"http://10.0.0.1:80\"}", "BAD_FIELD")]
    [InlineData("{\"address\":\"10.0.0.1:80\",\"service\":\"other\"}", "BAD_FIELD")]
    [InlineData("{\"address\":\"10.0.0.1:80\",\"id\":\"other\"}", "BAD_FIELD")]
    [InlineData("{\"address\":\"10.0.0.1:80\",\"protocol\":\"ftp\"}", "BAD_FIELD")]
    [InlineData("{\"address\":\"10.0.0.1:80\",\"probe\":\"ping\"}", "BAD_FIELD")]
    [InlineData("{\"address\":\"10.0.0.1:80\",\"probeAddress\":\"x\"}", "BAD_FIELD")]
    [InlineData("{\"address\":\"10.0.0.1:80\",\"weight\":-1}", "BAD_FIELD")]
    [InlineData("{\"address\":\"10.0.0.1:80\",\"weight\":10001}", "BAD_FIELD")]
    [InlineData("{\"address\":\"10.0.0.1:80\",\"weight\":1.5}", "BAD_FIELD")]
    [InlineData("{\"address\":\"10.0.0.1:80\",\"weight\":\"1\"}", "BAD_FIELD")]
    [InlineData("{\"address\":\"10.0.0.1:80\",\"weight\":1e400}", "BAD_FIELD")]
    [InlineData("{\"address\":\"10.0.0.1:80\",\"ttlSeconds\":0}", "BAD_FIELD")]
    [InlineData("{\"address\":\"10.0.0.1:80\",\"ttlSeconds\":3601}", "BAD_FIELD")]
    [InlineData("{\"address\":\"10.0.0.1:80\",\"ttlSeconds\":\"30\"}", "BAD_FIELD")]
    [InlineData("{\"address\":\"10.0.0.1:80\",\"metadata\":{\"a\":1}}", "BAD_FIELD")]
    [InlineData("{\"address\":\"10.0.0.1:80\",\"metadata\":[]}", "BAD_FIELD")]
    [InlineData("{\"address\":\"10.0.0.1:80\",\"methods\":{}}", "BAD_FIELD")]
    [InlineData("{\"address\":\"10.0.0.1:80\",\"methods\":[{}]}", "BAD_FIELD")]
    [InlineData("{\"address\":\"10.0.0.1:80\",\"startedAt\":\"yesterday\"}", "BAD_FIELD")]
    [InlineData("{\"address\":\"10.0.0.1:80\",\"draining\":1}", "BAD_FIELD")]
    [InlineData("{\"address\":\"10.0.0.1:80\",\"lane\":\"a b\"}", "BAD_NAME")]
    [InlineData("{\"address\":\"10.0.0.1:80\",\"lane\":\"base\"}", "NAME_RESERVED")]
    public async Task Put_BadBody_Is400WithItsCode(string body, string code) =>
        (await Host.PutAsync("/v1/services/reg-bad/instances/a", body)).AssertRefused(HttpStatusCode.BadRequest, code);

    [Theory]
    [InlineData("/v1/services/a%20b/instances/a", 400, "BAD_NAME")]
    [InlineData("/v1/services/ok/instances/a%2Fb", 400, "BAD_NAME")]
    [InlineData("/v1/services/metrics/instances/a", 400, "NAME_RESERVED")]
    [InlineData("/v1/services/base/instances/a", 400, "NAME_RESERVED")]
    [InlineData("/v1/services/reg-lane/instances/a", 409, "LANE_UNKNOWN")]
    public async Task Put_BadNames_AreRefused(string path, int status, string code) =>
        (await Host.PutAsync(path, """{"address":"10.0.0.1:80","lane":"nowhere"}""")).AssertRefused((HttpStatusCode)status, code);

    [Fact]
    public async Task Put_NameOf129_IsBadName()
    {
        await Host.RegisterAsync(new string('s', 128), new string('i', 128));
        var path = $"/v1/services/{new string('s', 129)}/instances/a";
        (await Host.PutAsync(path, """{"address":"10.0.0.1:80"}""")).AssertRefused(HttpStatusCode.BadRequest, "BAD_NAME");
    }

    [Theory]
    [InlineData("PUT", "/v1/services/s/instances/a")]
    [InlineData("DELETE", "/v1/services/s/instances/a")]
    [InlineData("POST", "/v1/services/s/instances/a/heartbeat")]
    [InlineData("POST", "/v1/services/s/instances/a/status")]
    [InlineData("PUT", "/v1/lanes/l")]
    [InlineData("DELETE", "/v1/lanes/l")]
    [InlineData("PUT", "/v1/lanes/l/services/s")]
    [InlineData("DELETE", "/v1/lanes/l/services/s")]
    [InlineData("PUT", "/v1/services/s/policy")]
    [InlineData("DELETE", "/v1/services/s/policy")]
    [InlineData("PUT", "/v1/services/s/grey")]
    [InlineData("DELETE", "/v1/services/s/grey")]
    [InlineData("PUT", "/v1/services/s/limits")]
    [InlineData("DELETE", "/v1/services/s/limits")]
    [InlineData("PUT", "/v1/offline/10.0.0.1:80")]
    [InlineData("DELETE", "/v1/offline/10.0.0.1:80")]
    public async Task Write_WithoutKey_IsKeyRequiredWhateverTheBody(string method, string path)
    {
        (await Host.SendAsync(new HttpMethod(method), path, "{", null)).AssertRefused(HttpStatusCode.Unauthorized, "KEY_REQUIRED");
        (await Host.SendAsync(new HttpMethod(method), path, "{", "wrong")).AssertRefused(HttpStatusCode.Unauthorized, "KEY_REQUIRED");
    }

    [Fact]
    public async Task Put_OverKiB64_IsBodyTooLarge()
    {
        var filler = new string('x', 64 * 1024);
        var answer = await Host.PutAsync("/v1/services/reg-large/instances/a", $$"""{"address":"10.0.0.1:80","x":"{{filler}}"}""");
        answer.AssertRefused(HttpStatusCode.RequestEntityTooLarge, "BODY_TOO_LARGE");
    }

    [Fact]
    public async Task Put_AdminKey_OpensToo() => Assert.Equal(
        HttpStatusCode.Created,
        (await Host.PutAsync("/v1/services/reg-admin/instances/a", """{"address":"[::1]:80"}""", GatewayHost.AdminKey)).Status);

    [Fact]
    public async Task Delete_Registered_Is204ThenUnknown()
    {
        await Host.RegisterAsync("reg-delete", "a");
        await Host.RegisterAsync("reg-delete", "b");
        Assert.Equal(HttpStatusCode.NoContent, (await Host.DeleteAsync("/v1/services/reg-delete/instances/a")).Status);
        Assert.Equal(["b"], await Host.IdsAsync("reg-delete"));
        (await Host.DeleteAsync("/v1/services/reg-delete/instances/a")).AssertRefused(HttpStatusCode.NotFound, "INSTANCE_UNKNOWN");
        Assert.Equal(HttpStatusCode.NoContent, (await Host.DeleteAsync("/v1/services/reg-delete/instances/b")).Status);
        (await Host.GetAsync("/v1/services/reg-delete/best")).AssertRefused(HttpStatusCode.NotFound, "SERVICE_UNKNOWN");
    }

    [Fact]
    public async Task Heartbeat_Unknown_IsInstanceUnknown() =>
        (await Host.PostAsync("/v1/services/reg-hb/instances/nobody/heartbeat", null)).AssertRefused(HttpStatusCode.NotFound, "INSTANCE_UNKNOWN");

    [Fact]
    public async Task Registration_TtlOver_LeavesUnlessHeartbeat()
    {
        await Host.RegisterAsync("reg-ttl", "dies", ",\"ttlSeconds\":2");
        await Host.RegisterAsync("reg-ttl", "lives", ",\"ttlSeconds\":2");
        await Eventually.TrueAsync(async () =>
        {
            Assert.Equal(HttpStatusCode.NoContent, (await Host.PostAsync("/v1/services/reg-ttl/instances/lives/heartbeat", "")).Status);
            await Host.PostAsync("/v1/services/reg-ttl/instances/dies/status", """{"cpu":0.1}"""); // renews nothing
            return (await Host.IdsAsync("reg-ttl", "?all=true")) is ["lives"];
        });
        (await Host.PostAsync("/v1/services/reg-ttl/instances/dies/heartbeat", "")).AssertRefused(HttpStatusCode.NotFound, "INSTANCE_UNKNOWN");
    }

    [Fact]
    public async Task Status_Figures_AreShown()
    {
        await Host.RegisterAsync("reg-load", "a");
        var answer = await Host.PostAsync(
            "/v1/services/reg-load/instances/a/status", """{"cpu":0.5,"memoryGib":2,"inFlight":3,"latencyMs":40,"rps":100,"errorRate":0.1}""");
        Assert.Equal(HttpStatusCode.NoContent, answer.Status);
        var line = (await Host.GetAsync("/v1/services/reg-load/best")).Json.GetProperty("instances")[0];
        Assert.Equal(0.5, line.GetProperty("cpu").GetDouble(), 6);
        Assert.Equal(2, line.GetProperty("memoryGib").GetDouble(), 6);
        Assert.Equal(40, line.GetProperty("latencyMs").GetDouble(), 6);
        Assert.Equal(0.1, line.GetProperty("errorRate").GetDouble(), 6);
        Assert.True(line.GetProperty("score").GetDouble() > 40);
        Assert.True(line.GetProperty("ageMs").GetInt64() >= 0);
    }

    [Fact]
    public async Task Status_NotServing_IsDownUntilItSaysSo()
    {
        await Host.RegisterAsync("reg-down", "a");
        await Host.RegisterAsync("reg-down", "b");
        await Host.RegisterAsync("reg-down", "c");
        await PostStatus("""{"serving":false}""");
        Assert.Equal(["b", "c"], await Host.IdsAsync("reg-down"));

        await PostStatus("""{"cpu":0.5}""");
        Assert.Equal(["b", "c"], await Host.IdsAsync("reg-down"));
        Assert.Equal(HttpStatusCode.OK, (await Host.PutAsync("/v1/services/reg-down/instances/a", """{"address":"10.0.0.1:8080"}""")).Status);
        Assert.Equal(["b", "c"], await Host.IdsAsync("reg-down"));
        Assert.Equal(HttpStatusCode.OK, (await Host.PutAsync("/v1/services/reg-down/instances/a", """{"address":"10.0.0.1:8080","ttlSeconds":77}""")).Status);
        Assert.Equal(["b", "c"], await Host.IdsAsync("reg-down"));
        var down = (await Host.GetAsync("/v1/services/reg-down/best?all=true")).Json.GetProperty("instances").EnumerateArray()
            .Single(line => line.GetProperty("id").GetString() == "a");
        Assert.Equal("down", down.GetProperty("state").GetString());

        await PostStatus("""{"serving":true}""");
        Assert.Contains("a", await Host.IdsAsync("reg-down"));

        async Task PostStatus(string body) =>
            Assert.Equal(HttpStatusCode.NoContent, (await Host.PostAsync("/v1/services/reg-down/instances/a/status", body)).Status);
    }

    [Theory]
    [InlineData("{\"cpu\":-0.1}", "BAD_FIELD")]
    [InlineData("{\"latencyMs\":1000000001}", "BAD_FIELD")]
    [InlineData("{\"rps\":\"NaN\"}", "BAD_FIELD")]
    [InlineData("{\"inFlight\":1e999}", "BAD_FIELD")]
    [InlineData("{\"serving\":\"no\"}", "BAD_FIELD")]
    [InlineData("nope", "BAD_JSON")]
    public async Task Status_Garbage_Is400(string body, string code)
    {
        await Host.PutAsync("/v1/services/reg-garbage/instances/a", """{"address":"10.0.0.1:8080"}""");
        (await Host.PostAsync("/v1/services/reg-garbage/instances/a/status", body)).AssertRefused(HttpStatusCode.BadRequest, code);
    }

    [Fact]
    public async Task Status_Unknown_IsInstanceUnknown() =>
        (await Host.PostAsync("/v1/services/reg-none/instances/a/status", "{}")).AssertRefused(HttpStatusCode.NotFound, "INSTANCE_UNKNOWN");

    [Fact]
    public async Task Put_ManyAtOnce_AllAreShown()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(number =>
            Host.PutAsync($"/v1/services/reg-many/instances/i{number % 30}", $$"""{"address":"10.0.0.1:{{1000 + number}}"}""")));
        Assert.All(answers, answer => Assert.True(answer.Status is HttpStatusCode.Created or HttpStatusCode.OK));
        Assert.Equal(30, (await Host.IdsAsync("reg-many")).Length);
    }
}
