using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Http;

namespace Fairway.Edge.Tests;

/// <summary>What failing instances cost: retries, ejection, and what reaches the client.</summary>
[Collection(EdgeCollection.Name)]
public sealed class RetryTests(EdgeFixture fixture) : IAsyncLifetime
{
    private Service[] _services = null!;
    private string _service = null!;

    public async Task InitializeAsync()
    {
        _service = $"svc-{Guid.NewGuid():n}"[..12];
        _services = await Service.StartAsync("one", "two", "three");
        await PutAsync();
    }

    public async Task DisposeAsync()
    {
        fixture.Gateway.Remove(_service);
        foreach (var service in _services)
        {
            await service.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    public async Task Instance_Dead_CostsAtMostThreeTriesAndNoClient(string method)
    {
        await using var edge = await EdgeServer.StartAsync(fixture.Gateway.Endpoint, ("Edge__EjectSeconds", "60"));
        await edge.ReadyAsync();
        await _services[0].StopAsync();

        await Parallel.ForEachAsync(
            Enumerable.Range(0, 300), new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (_, _) => Assert.Equal(HttpStatusCode.OK, (await edge.SendAsync(new HttpMethod(method), $"/{_service}/", null)).Status));

        var series = $$"""fairway_edge_connect_failures_total{service="{{_service}}"}""";
        await Soon.TrueAsync(async () => await edge.MetricAsync(series) >= 1);
        await Task.Delay(TimeSpan.FromSeconds(1.3), TimeProvider.System); // until each worker has handed over what it counted
        Assert.InRange(await edge.MetricAsync(series), 1, 3);
    }

    [Fact]
    public async Task Instance_Ejected_ComesBack()
    {
        await _services[0].StopAsync();
        await HammerAsync(50, "GET", reply => Assert.Equal(HttpStatusCode.OK, reply.Status));
        await _services[0].StartAsync();

        await Soon.TrueAsync(async () => (await fixture.Edge.GetAsync($"/{_service}/")).Id == "one");
    }

    [Fact]
    public async Task Zone_Lost_CostsEachRequestOneTry()
    {
        var services = await Service.StartAsync("a1", "a2", "a3", "a4", "b1", "b2", "b3", "b4");
        fixture.Gateway.Put(_service, Listing.Of([.. services.Select(service => service.Line(zone: service.Id[..1]))]));
        await using var edge = await EdgeServer.StartAsync(fixture.Gateway.Endpoint, ("Edge__Zone", "a"), ("Edge__Workers", "1"), ("Edge__Retries", "1"));
        await edge.ReadyAsync();
        Assert.StartsWith("a", (await edge.GetAsync($"/{_service}/")).Id, StringComparison.Ordinal);
        foreach (var service in services[..4])
        {
            await service.StopAsync();
        }

        for (var i = 0; i < 20; i++)
        {
            Assert.StartsWith("b", (await edge.SendAsync(HttpMethod.Post, $"/{_service}/", null)).Id, StringComparison.Ordinal);
        }

        foreach (var service in services[4..])
        {
            await service.DisposeAsync();
        }
    }

    [Fact]
    public async Task Instances_AllDead_Is503AtOnce()
    {
        foreach (var service in _services)
        {
            await service.StopAsync();
        }

        for (var i = 0; i < 20; i++)
        {
            (await fixture.Edge.GetAsync($"/{_service}/")).AssertRefused(HttpStatusCode.ServiceUnavailable, "NO_PROVIDER");
        }
    }

    [Theory]
    [InlineData("down")]
    [InlineData("draining")]
    [InlineData("ejected")]
    [InlineData("offline")]
    public async Task Instances_AllListedAway_Is503AtOnce(string state)
    {
        await PutAsync(state: state);

        (await fixture.Edge.GetAsync($"/{_service}/")).AssertRefused(HttpStatusCode.ServiceUnavailable, "NO_PROVIDER");
    }

    [Fact]
    public async Task Post_BrokenOffAfterItWasSent_IsNotSentAgain()
    {
        foreach (var service in _services)
        {
            service.Does = BreakOff;
        }

        var reply = await fixture.Edge.SendAsync(HttpMethod.Post, $"/{_service}/", new StringContent("once"));

        reply.AssertRefused(HttpStatusCode.BadGateway, "UPSTREAM_FAILED");
        Assert.Equal(1, _services.Sum(service => service.Requests));
    }

    [Fact]
    public async Task Get_BrokenOff_IsTriedElsewhere()
    {
        _services[0].Does = BreakOff;
        _services[1].Does = BreakOff;

        var reply = await fixture.Edge.GetAsync($"/{_service}/");

        Assert.Equal("three", reply.Id);
    }

    [Fact]
    public async Task Instance_Answering500AtOnce_IsNoSinkhole()
    {
        _services[0].Does = context =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        foreach (var service in _services[1..])
        {
            service.Does = async context =>
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
                await Service.EchoAsync(context, service.Id);
            };
        }

        var statuses = new ConcurrentBag<HttpStatusCode>();
        await HammerAsync(600, "GET", reply => statuses.Add(reply.Status));

        // By share it would get 200, and by being idle first far more; three failures in a row and one more after each rest put it out.
        Assert.InRange(statuses.Count(status => status == HttpStatusCode.InternalServerError), 3, 150);
        await Soon.TrueAsync(async () => await fixture.Edge.MetricAsync($$"""fairway_edge_ejections_total{service="{{_service}}"}""") >= 1);
    }

    [Fact]
    public async Task Instances_AllFailing_AtMostHalfAreOut()
    {
        foreach (var service in _services)
        {
            service.Does = context =>
            {
                context.Response.StatusCode = 500;
                return Task.CompletedTask;
            };
        }

        await HammerAsync(100, "GET", reply => Assert.Equal(HttpStatusCode.InternalServerError, reply.Status));

        var left = (await fixture.Edge.StatusAsync()).GetProperty("services").GetProperty(_service).GetProperty("instances").EnumerateArray()
            .Count(instance => instance.GetProperty("ejectedMs").ValueKind != System.Text.Json.JsonValueKind.Null);
        Assert.InRange(left, 0, 1);
    }

    [Fact]
    public async Task Retries_WhenEverythingFails_StayWithinTheBudget()
    {
        foreach (var service in _services)
        {
            service.Does = BreakOff;
        }

        await HammerAsync(400, "GET", reply => Assert.True(reply.Status is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable, reply.Text));

        // 400 requests, 0.2 each, and the 100 that each of two workers may have saved up, with what they are granted in a few seconds.
        Assert.InRange(_services.Sum(service => service.Requests), 400, 400 + 80 + 200 + 60);
    }

    [Fact]
    public async Task InFlight_AfterAllEnded_IsZero()
    {
        _services[0].Does = BreakOff;
        await HammerAsync(100, "GET", _ => { });

        var instances = (await fixture.Edge.StatusAsync()).GetProperty("services").GetProperty(_service).GetProperty("instances");
        Assert.All(instances.EnumerateArray(), instance => Assert.Equal(0, instance.GetProperty("inFlight").GetInt32()));
    }

    [Fact]
    public async Task Weights_OfTheList_ShareTheRequests()
    {
        await fixture.PutAsync(_service, Listing.Of("manual", null, _services[0].Line(weight: 3), _services[1].Line(weight: 1), _services[2].Line(weight: 0)));

        var ids = new ConcurrentBag<string?>();
        await HammerAsync(400, "GET", reply => ids.Add(reply.Id));

        Assert.InRange(ids.Count(id => id == "one"), 240, 360);
        Assert.DoesNotContain("three", ids);
    }

    [Fact]
    public async Task Hash_ByHeader_KeepsAKeyWhereItIs()
    {
        var policy = new System.Text.Json.Nodes.JsonObject { ["hashKey"] = "header:x-tenant", ["boundFactor"] = 4.0 };
        await fixture.PutAsync(_service, Listing.Of("hash", policy, [.. _services.Select(service => service.Line())]));

        var owners = new HashSet<string>();
        for (var tenant = 0; tenant < 30; tenant++)
        {
            var first = (await fixture.Edge.GetAsync($"/{_service}/", ("x-tenant", $"t{tenant}"))).Id!;
            Assert.Equal(first, (await fixture.Edge.GetAsync($"/{_service}/again", ("x-tenant", $"t{tenant}"))).Id);
            owners.Add(first);
        }

        Assert.Equal(3, owners.Count);
    }

    private Task PutAsync(string state = "ready") => fixture.PutAsync(_service, Listing.Of([.. _services.Select(service => service.Line(state: state))]));

    private Task HammerAsync(int count, string method, Action<Reply> check) => Parallel.ForEachAsync(
        Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 8 },
        async (_, _) => check(await fixture.Edge.SendAsync(new HttpMethod(method), $"/{_service}/", null)));

    private static async Task BreakOff(HttpContext context)
    {
        await context.Request.Body.CopyToAsync(Stream.Null);
        context.Abort();
    }
}
