using System.Net;
using Fairway.Core.Directory;
using static Fairway.Gateway.Tests.Snapshots;

namespace Fairway.Gateway.Tests.BestList;

public sealed class BestListTests : IAsyncLifetime
{
    private DirectoryHost _host = null!;

    public async Task InitializeAsync() => _host = await DirectoryHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Theory]
    [InlineData("/v1/services")]
    [InlineData("/v1/services/orders/best")]
    [InlineData("/v1/edge/snapshot")]
    [InlineData("/v1/members")]
    public async Task Lists_BeforeFirstListing_AreNotReady(string path) =>
        (await _host.GetAsync(path)).AssertRefused(HttpStatusCode.ServiceUnavailable, "NOT_READY");

    [Theory]
    [InlineData("not a name", "10.0.0.1:80", "1", "BAD_NAME")]
    [InlineData("edge-1", "edge:80", "1", "BAD_FIELD")]
    [InlineData("edge-1", "10.0.0.1:80", "0123456789012345678901234567890123456789012345678901234567890123456789", "BAD_FIELD")]
    public async Task Edge_ThatSaysWhoItIsBadly_IsRefused(string id, string address, string version, string code)
    {
        _host.Show(Service("orders", Instance("a")));

        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/edge/snapshot");
        request.Headers.Add("x-fairway-edge", id);
        request.Headers.Add("x-fairway-edge-address", address);
        request.Headers.Add("x-fairway-edge-version", version);
        using var response = await _host.Client.SendAsync(request);

        (await Answer.ReadAsync(response)).AssertRefused(HttpStatusCode.BadRequest, code);
    }

    [Fact]
    public async Task Best_TwoInstances_HasEveryFieldOfTheContract()
    {
        _host.Show(Service("orders",
            Instance("a", 1.5) with { Score = 12.5, Cpu = 0.5, MemoryGib = 1.25, InFlight = 3, LatencyMs = 7.5, Rps = 100, ErrorRate = 0.25, AgeMs = 40 },
            Instance("b", 0.1, InstanceState.Warming)));
        var answer = await _host.GetAsync("/v1/services/orders/best");
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("application/json", answer.ContentType);
        var version = answer.Json.GetProperty("version").GetString();
        Assert.Equal($"\"{version}\"", answer.ETag);
        Assert.Equal(
            $$"""
            {"service":"orders","lane":null,"version":"{{version}}","mode":"scored","panic":false,"generatedAt":"2026-01-01T00:00:00.000Z","instances":[
            {"id":"a","address":"10.0.0.1:8080","protocol":"http","zone":"z1","lane":null,"weight":1.5,"score":12.5,"cpu":0.5,"memoryGib":1.25,"inFlight":3,"latencyMs":7.5,"rps":100,"errorRate":0.25,"state":"ready","ageMs":40},
            {"id":"b","address":"10.0.0.1:8080","protocol":"http","zone":"z1","lane":null,"weight":0.1,"score":null,"cpu":null,"memoryGib":null,"inFlight":null,"latencyMs":null,"rps":null,"errorRate":null,"state":"warming","ageMs":null}
            ],"stale":false,"staleMs":0}
            """.ReplaceLineEndings(""),
            answer.Text);
    }

    [Fact]
    public async Task Best_Explain_TellsWhichTermCostWhat()
    {
        _host.Show(Service("orders",
            Instance("a", 1.5) with { Score = 27, Cpu = 0.5, MemoryGib = 1, InFlight = 3, LatencyMs = 7.5, Rps = 100, ErrorRate = 0, AgeMs = 40 },
            Instance("b", 0.1, InstanceState.Warming)));

        var plain = await _host.GetAsync("/v1/services/orders/best");
        Assert.DoesNotContain("explain", plain.Text, StringComparison.Ordinal);

        var lines = (await _host.GetAsync("/v1/services/orders/best?explain=true")).Json.GetProperty("instances");
        var explain = lines[0].GetProperty("explain");
        var terms = explain.GetProperty("terms").EnumerateArray().ToDictionary(term => term.GetProperty("name").GetString()!);
        Assert.Equal(["intercept", "cpu", "memoryGib", "inFlight", "rps", "latencyMs", "errorRate", "errorPenalty"], terms.Keys);
        Assert.Equal(0.5, terms["cpu"].GetProperty("value").GetDouble());
        Assert.All(terms.Values, term => Assert.Equal(
            term.GetProperty("ms").GetDouble(), term.GetProperty("coefficient").GetDouble() * term.GetProperty("value").GetDouble(), 9));
        Assert.Equal(explain.GetProperty("cost").GetDouble(), terms.Values.Sum(term => term.GetProperty("ms").GetDouble()), 9);
        Assert.Equal(explain.GetProperty("cost").GetDouble(), explain.GetProperty("medianCost").GetDouble());
        Assert.Equal(1, explain.GetProperty("targetWeight").GetDouble());
        Assert.Empty(lines[1].GetProperty("explain").GetProperty("terms").EnumerateArray());
        Assert.Equal("null", lines[1].GetProperty("explain").GetProperty("cost").GetRawText());
    }

    [Theory]
    [InlineData("", "a,b,c,w")]
    [InlineData("?k=2", "a,b")]
    [InlineData("?k=99999999999999999999", "a,b,c,w")]
    [InlineData("?all=true", "a,b,c,w,d,e,f,g")]
    [InlineData("?all=false&lane=", "a,b,c,w")]
    [InlineData("?lane=blue", "l")]
    [InlineData("?lane=blue&all=true", "l,m")]
    [InlineData("?lane=nowhere", "")]
    public async Task Best_Query_PicksInstances(string query, string expected)
    {
        _host.Show(Service("orders",
            Instance("a", 3), Instance("b", 2), Instance("c", 1, InstanceState.Unknown), Instance("w", 0.9, InstanceState.Warming),
            Instance("d", 0.8, InstanceState.Draining), Instance("e", 0.7, InstanceState.Ejected), Instance("f", 0.6, InstanceState.Down),
            Instance("g", 0.5, InstanceState.Offline), Instance("l", lane: "blue"), Instance("m", 0.1, InstanceState.Down, "blue")));
        var answer = await _host.GetAsync($"/v1/services/orders/best{query}");
        Assert.Equal(expected, string.Join(',', answer.Json.GetProperty("instances").EnumerateArray().Select(line => line.GetProperty("id").GetString())));
    }

    [Fact]
    public async Task Best_PanickedLane_ReadmitsEjectedOnly()
    {
        _host.Show(Service("orders", Instance("a"), Instance("b", 0.5, InstanceState.Ejected), Instance("c", 0.4, InstanceState.Down)) with
        {
            PanickedLanes = [""],
        });
        var answer = await _host.GetAsync("/v1/services/orders/best");
        Assert.True(answer.Json.GetProperty("panic").GetBoolean());
        Assert.Equal(["a", "b"], answer.Json.GetProperty("instances").EnumerateArray().Select(line => line.GetProperty("id").GetString()!));
    }

    [Theory]
    [InlineData("/v1/services/nobody/best", 404, "SERVICE_UNKNOWN")]
    [InlineData("/v1/services/base/best", 404, "SERVICE_UNKNOWN")]
    [InlineData("/v1/services/a%2Fb/best", 400, "BAD_NAME")]
    [InlineData("/v1/services/a%20b/best", 400, "BAD_NAME")]
    [InlineData("/v1/services/orders/best?k=0", 400, "BAD_FIELD")]
    [InlineData("/v1/services/orders/best?k=-1", 400, "BAD_FIELD")]
    [InlineData("/v1/services/orders/best?k=1.5", 400, "BAD_FIELD")]
    [InlineData("/v1/services/orders/best?k=", 400, "BAD_FIELD")]
    [InlineData("/v1/services/orders/best?k=1&k=2", 400, "BAD_FIELD")]
    [InlineData("/v1/services/orders/best?all=yes", 400, "BAD_FIELD")]
    [InlineData("/v1/services/orders/best?explain=1", 400, "BAD_FIELD")]
    [InlineData("/v1/services/orders/best?lane=a%2Fb", 400, "BAD_NAME")]
    [InlineData("/v1/services/orders/best?lane=base", 400, "NAME_RESERVED")]
    [InlineData("/v1/services/orders/best?since=x&wait=30", 400, "BAD_WAIT")]
    [InlineData("/v1/services/orders/best?wait=61s", 400, "BAD_WAIT")]
    [InlineData("/v1/services/orders/best?wait=60001ms", 400, "BAD_WAIT")]
    [InlineData("/v1/services/orders/best?wait=-1s", 400, "BAD_WAIT")]
    [InlineData("/v1/services/orders/best?wait=s", 400, "BAD_WAIT")]
    [InlineData("/v1/services/orders/best?wait=1.5s", 400, "BAD_WAIT")]
    [InlineData("/v1/services/orders/best?wait=999999999999999999999s", 400, "BAD_WAIT")]
    [InlineData("/v1/services?wait=1m", 400, "BAD_WAIT")]
    [InlineData("/v1/edge/snapshot?wait=", 400, "BAD_WAIT")]
    [InlineData("/v1/nothing", 404, "NOT_FOUND")]
    [InlineData("/v1/services//best", 404, "NOT_FOUND")]
    public async Task Get_BadCall_IsRefusedWithItsCode(string path, int status, string code)
    {
        _host.Show(Service("orders", Instance("a")));
        (await _host.GetAsync(path)).AssertRefused((HttpStatusCode)status, code);
    }

    [Fact]
    public async Task Post_OnAList_Is405WithAllow()
    {
        using var response = await _host.Client.PostAsync("/v1/services", null);
        (await Answer.ReadAsync(response)).AssertRefused(HttpStatusCode.MethodNotAllowed, "METHOD_NOT_ALLOWED");
        Assert.Equal(["GET"], response.Content.Headers.Allow);
    }

    [Fact]
    public async Task Services_TwoServices_ShowsCountsModesAndLanes()
    {
        _host.Show(
            Service("b", Instance("1"), Instance("2", state: InstanceState.Down), Instance("3", lane: "blue")),
            Service("a") with { Policy = new ServicePolicy { Mode = ServicePolicy.Manual } });
        var answer = await _host.GetAsync("/v1/services");
        var version = answer.Json.GetProperty("version").GetString();
        Assert.Equal(
            $$"""{"version":"{{version}}","services":[{"service":"a","instances":0,"usable":0,"mode":"manual","lanes":[]},{"service":"b","instances":3,"usable":2,"mode":"scored","lanes":["blue"]}],"stale":false,"staleMs":0}""",
            answer.Text);
    }

    [Fact]
    public async Task Lists_Stale_SayForHowLongAndChangeVersion()
    {
        _host.Show(Service("orders", Instance("a")));
        var fresh = await _host.GetAsync("/v1/services/orders/best");
        _host.Store.Apply(new DirectoryChange(DateTimeOffset.UtcNow.AddSeconds(-5)) { Stale = true });
        var stale = await _host.GetAsync("/v1/services/orders/best");
        Assert.True(stale.Json.GetProperty("stale").GetBoolean());
        Assert.InRange(stale.Json.GetProperty("staleMs").GetInt64(), 5000, 60_000);
        Assert.NotEqual(fresh.ETag, stale.ETag);
        Assert.Equal("a", stale.Json.GetProperty("instances")[0].GetProperty("id").GetString());
    }
}
