using System.Net;
using Fairway.Sdk.Client;
using Fairway.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using static Fairway.Sdk.Tests.Client.ScriptedGateway;

namespace Fairway.Sdk.Tests.Client;

public sealed class FairwayHandlerTests : IAsyncLifetime
{
    private ScriptedGateway _gateway = null!;
    private Server _a = null!;
    private Server _b = null!;

    public async Task InitializeAsync()
    {
        _gateway = await ScriptedGateway.StartAsync();
        (_a, _b) = (await Server.StartAsync("a"), await Server.StartAsync("b"));
        ListBoth();
    }

    public async Task DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
        await _gateway.DisposeAsync();
    }

    [Fact]
    public async Task Get_ServiceName_GoesToAllItsInstances()
    {
        await using var client = Client();

        Assert.Equal(["a", "b"], (await client.GetAsync(40)).Distinct().Order());
    }

    [Fact]
    public async Task Get_PathAndHost_ArriveAsTheyWereMeant()
    {
        await using var client = Client();

        await client.Http.GetStringAsync(new Uri("http://orders/items/7?full=1"));

        Assert.Contains("GET /items/7?full=1 orders", _a.Seen.Concat(_b.Seen));
    }

    [Fact]
    public async Task Get_Done_LeavesTheRequestAsItWas()
    {
        await using var client = Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/x");

        using var response = await client.Http.SendAsync(request);

        Assert.Equal("http://orders/x", request.RequestUri!.ToString());
        Assert.Null(request.Headers.Host);
        Assert.True(request.Options.TryGetValue(RequestKeys.Instance, out var id));
        Assert.Equal(await response.Content.ReadAsStringAsync(), id);
        Assert.True(request.Options.TryGetValue(RequestKeys.Attempts, out var attempts));
        Assert.Equal(1, attempts);
    }

    [Fact]
    public async Task Get_UnknownService_IsRefusedWithACode()
    {
        await using var client = Client();

        var exception = await Assert.ThrowsAsync<FairwayClientException>(() => client.Http.GetAsync(new Uri("http://nobody/")));

        Assert.Equal("SERVICE_UNKNOWN", exception.Code);
    }

    [Fact]
    public async Task Get_HostWithAPort_PassesUnchanged()
    {
        await using var client = Client();

        Assert.Equal("a", await client.Http.GetStringAsync(new Uri($"http://{_a.Address}/")));
    }

    [Fact]
    public async Task Post_NobodyListens_IsSentToAnother()
    {
        _gateway.Lists("a-1", Instance("dead", $"127.0.0.1:{FreePort.Next()}", weight: 1000), Instance("b", _b.Address, weight: 0.001));
        await using var client = Client();

        using var response = await client.Http.PostAsync(new Uri("http://orders/"), new StringContent("x"));

        Assert.Equal("b", await response.Content.ReadAsStringAsync());
        Assert.True(client.Endpoint("dead").IsOut(client.Endpoint("dead").OutUntil - TimeSpan.FromTicks(1)));
    }

    [Fact]
    public async Task Get_ConnectionCut_IsSentToAnother()
    {
        var seen = 0;
        Task CutOnce(HttpContext context) => Interlocked.Increment(ref seen) == 1 ? Server.Cut(context) : context.Response.WriteAsync("b");
        (_a.Does, _b.Does) = (CutOnce, CutOnce);
        await using var client = Client();

        Assert.Equal("b", await client.Http.GetStringAsync(new Uri("http://orders/")));
        Assert.Equal(2, _a.Seen.Count + _b.Seen.Count);
    }

    [Fact]
    public async Task Post_ConnectionCut_IsNotSentAgain()
    {
        (_a.Does, _b.Does) = (Server.Cut, Server.Cut);
        await using var client = Client();

        await Assert.ThrowsAsync<HttpRequestException>(() => client.Http.PostAsync(new Uri("http://orders/"), new StringContent("x")));

        Assert.Equal(1, _a.Seen.Count + _b.Seen.Count);
    }

    [Theory]
    [InlineData("GET", 2)]
    [InlineData("DELETE", 2)]
    [InlineData("POST", 1)]
    [InlineData("PATCH", 1)]
    public async Task Send_Unavailable_IsRepeatedWhereThatIsSafe(string method, int sent)
    {
        (_a.Does, _b.Does) = (Refuse, Refuse);
        await using var client = Client();
        using var request = new HttpRequestMessage(new HttpMethod(method), "http://orders/");

        using var response = await client.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(sent, _a.Seen.Count + _b.Seen.Count);
    }

    [Fact]
    public async Task Get_BudgetSpent_IsNotRepeated()
    {
        (_a.Does, _b.Does) = (Refuse, Refuse);
        await using var client = Client(options =>
        {
            options.RetriesPerSecond = 0;
            options.RetryShare = 0;
        });

        using var response = await client.Http.GetAsync(new Uri("http://orders/"));

        Assert.Equal(1, _a.Seen.Count + _b.Seen.Count);
    }

    [Fact]
    public async Task Get_NoAnswerInTime_IsSentToAnother()
    {
        var first = 0;
        async Task Hang(HttpContext context)
        {
            if (Interlocked.Increment(ref first) == 1)
            {
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
            }
            else
            {
                await context.Response.WriteAsync("late");
            }
        }

        (_a.Does, _b.Does) = (Hang, Hang);
        await using var client = Client(options => options.AttemptTimeoutSeconds = 1);

        Assert.Equal("late", await client.Http.GetStringAsync(new Uri("http://orders/")));
    }

    [Fact]
    public async Task Get_BodyNotReadYet_CountsAsInFlight()
    {
        _gateway.Lists("a-1", Instance("a", _a.Address));
        var more = new TaskCompletionSource();
        _a.Does = async context =>
        {
            await context.Response.WriteAsync("begin");
            await context.Response.Body.FlushAsync();
            await more.Task;
            await context.Response.WriteAsync("end");
        };
        await using var client = Client();

        using var response = await client.Http.GetAsync(new Uri("http://orders/"), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(1, client.InFlight("a"));
        more.SetResult();
        Assert.Equal("beginend", await response.Content.ReadAsStringAsync());
        Assert.Equal(0, client.InFlight("a"));
    }

    [Fact]
    public async Task Get_BodyThrownAway_CountsNoMore()
    {
        _gateway.Lists("a-1", Instance("a", _a.Address));
        await using var client = Client();

        (await client.Http.GetAsync(new Uri("http://orders/"), HttpCompletionOption.ResponseHeadersRead)).Dispose();

        Assert.Equal(0, client.InFlight("a"));
    }

    [Fact]
    public async Task Get_ContentHeaders_AreKept()
    {
        _gateway.Lists("a-1", Instance("a", _a.Address));
        _a.Does = context =>
        {
            context.Response.ContentType = "text/csv; charset=utf-8";
            context.Response.ContentLength = 3;
            return context.Response.WriteAsync("1,2");
        };
        await using var client = Client();

        using var response = await client.Http.GetAsync(new Uri("http://orders/"));

        Assert.Equal("text/csv; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Equal(3, response.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task Get_LoadInBand_IsLearnt()
    {
        _gateway.Lists("a-1", Instance("a", _a.Address));
        _a.Does = context =>
        {
            context.Response.Headers["endpoint-load-metrics"] = "TEXT cpu_utilization=0.3,named_metrics.in_flight=17";
            return context.Response.WriteAsync("a");
        };
        await using var client = Client();

        await client.GetAsync(1);

        Assert.Equal(17, client.Endpoint("a").Reported);
    }

    [Fact]
    public async Task Get_FailsThreeTimes_IsLeftAlone()
    {
        _a.Does = Fail;
        await using var client = Client();
        for (var i = 0; i < 60 && _a.Seen.Count < 3; i++)
        {
            using var response = await client.Http.GetAsync(new Uri("http://orders/"));
        }

        Assert.Equal(3, _a.Seen.Count);
        Assert.All(await client.GetAsync(20), id => Assert.Equal("b", id));
    }

    [Fact]
    public async Task Get_Manual_FollowsTheOperator()
    {
        GiveService("manual", null, Instance("a", _a.Address, weight: 0), Instance("b", _b.Address));
        await using var client = Client();

        Assert.All(await client.GetAsync(20), id => Assert.Equal("b", id));
    }

    [Fact]
    public async Task Get_HashByHeader_StaysWithItsInstance()
    {
        GiveService("hash", new { mode = "hash", hashKey = "header:x-cart", boundFactor = 4.0 }, Instance("a", _a.Address), Instance("b", _b.Address));
        await using var client = Client();
        async Task<string> Get(string cart)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/");
            request.Headers.Add("x-cart", cart);
            using var response = await client.Http.SendAsync(request);
            return await response.Content.ReadAsStringAsync();
        }

        var owners = new List<string>();
        for (var cart = 0; cart < 20; cart++)
        {
            owners.Add(await Get($"cart-{cart}"));
            Assert.Equal(owners[cart], await Get($"cart-{cart}"));
        }

        Assert.Equal(2, owners.Distinct().Count());
    }

    [Fact]
    public async Task Get_RouterSaysLane_GoesToThatLaneAlone()
    {
        _gateway.Lists("a-1", Instance("a", _a.Address), Instance("b", _b.Address, lane: "blue"));
        await using var client = new ClientHost([_gateway.Url], router: new Router(new RequestRoute("blue")));

        Assert.All(await client.GetAsync(10), id => Assert.Equal("b", id));
    }

    [Fact]
    public async Task Get_RouterSaysEmptyLane_IsRefusedWithACode()
    {
        await using var client = new ClientHost([_gateway.Url], router: new Router(new RequestRoute("green")));

        Assert.Equal("LANE_SERVICE_DOWN", (await Assert.ThrowsAsync<FairwayClientException>(() => client.GetAsync(1))).Code);
    }

    [Fact]
    public async Task Get_RouterRefuses_IsThatCode()
    {
        await using var client = new ClientHost([_gateway.Url], router: new Router(new RequestRoute("") { Code = "LANE_LABEL_INVALID" }));

        Assert.Equal("LANE_LABEL_INVALID", (await Assert.ThrowsAsync<FairwayClientException>(() => client.GetAsync(1))).Code);
    }

    [Fact]
    public async Task Get_RouterSaysOffline_AvoidsTheAddress()
    {
        await using var client = new ClientHost([_gateway.Url], router: new Router(new RequestRoute("") { Offline = new HashSet<string> { _a.Address } }));

        Assert.All(await client.GetAsync(10), id => Assert.Equal("b", id));
        Assert.Equal(0, client.InFlight("a"));
    }

    [Fact]
    public async Task Get_AllOffline_IsRefusedWithACode()
    {
        await using var client = new ClientHost([_gateway.Url], router: new Router(new RequestRoute("") { Offline = new HashSet<string> { _a.Address, _b.Address } }));

        Assert.Equal("NO_PROVIDER", (await Assert.ThrowsAsync<FairwayClientException>(() => client.GetAsync(1))).Code);
    }

    [Fact]
    public void Options_OutOfRange_AreRefusedWithACode()
    {
        var result = new FairwayClientOptionsValidator().Validate(null, new FairwayClientOptions { Gateways = ["ftp://x"], MaxAttempts = 0, RetryShare = 2, PollSeconds = 0 });

        Assert.Equal(4, result.Failures!.Count());
        Assert.All(result.Failures!, failure => Assert.StartsWith("BAD_FIELD: Fairway:Client:", failure, StringComparison.Ordinal));
    }

    [Fact]
    public void Options_NoGateway_IsRefused() => Assert.Throws<OptionsValidationException>(() => new ClientHost([]));

    [Theory]
    [InlineData("TEXT named_metrics.in_flight=3", 3.0)]
    [InlineData("TEXT cpu_utilization=0.5, named_metrics.in_flight=2.5 ,eps=1", 2.5)]
    [InlineData("TEXT named_metrics.in_flight=-1", null)]
    [InlineData("TEXT named_metrics.in_flight=NaN", null)]
    [InlineData("TEXT named_metrics.in_flight=1e300", null)]
    [InlineData("TEXT named_metrics.in_flight=x", null)]
    [InlineData("TEXT cpu_utilization=1", null)]
    [InlineData("JSON {\"named_metrics\":{\"in_flight\":3}}", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void LoadHeader_Table(string? header, double? inFlight)
    {
        Assert.Equal(inFlight is not null, LoadHeaderReader.TryParse(header, out var report));
        Assert.Equal(inFlight ?? 0, report.InFlight);
    }

    private static Task Refuse(HttpContext context)
    {
        context.Response.StatusCode = 503;
        return Task.CompletedTask;
    }

    private static Task Fail(HttpContext context)
    {
        context.Response.StatusCode = 500;
        return Task.CompletedTask;
    }

    private ClientHost Client(Action<FairwayClientOptions>? configure = null) => new([_gateway.Url], configure);

    private void ListBoth() => _gateway.Lists("a-1", Instance("a", _a.Address), Instance("b", _b.Address));

    private void GiveService(string mode, object? policy, params object[] instances) => _gateway.Gives("a-1", System.Text.Json.JsonSerializer.Serialize(new
    {
        version = "a-1", full = true, services = new Dictionary<string, object> { ["orders"] = Service(mode, instances, policy) },
    }));

    private sealed class Router(RequestRoute route) : IRequestRouter
    {
        public RequestRoute Route(HttpRequestMessage request, ServiceEntry service, ServiceDirectory directory) => route;
    }
}
