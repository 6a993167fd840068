using System.Net;
using System.Text.Json.Nodes;
using Fairway.Testing;

namespace Fairway.Edge.Tests;

/// <summary>Limits and recent users, on a real Redis: full, killed, frozen, back.</summary>
public sealed class LimitTests : IAsyncLifetime
{
    private ScriptedGateway _gateway = null!;
    private RedisServer _redis = null!;
    private Service _service = null!;
    private EdgeServer _edge = null!;

    public async Task InitializeAsync()
    {
        _gateway = await ScriptedGateway.StartAsync();
        _redis = await RedisServer.StartAsync();
        _service = await Service.StartAsync("one");
        foreach (var name in new[] { "open", "closed", "free" })
        {
            _gateway.Put(name, Listing.Of(_service.Line()));
        }

        _gateway.Set("limits", new JsonObject
        {
            ["open"] = new JsonObject { ["ratePerSecond"] = 0.01, ["burst"] = 3.0, ["onFailure"] = "open" },
            ["closed"] = new JsonObject { ["ratePerSecond"] = 0.01, ["burst"] = 3.0, ["onFailure"] = "closed" },
        });
        _edge = await EdgeServer.StartAsync(_gateway.Endpoint, ("Edge__Redis", _redis.Address), ("Edge__RecentSize", "5"), ("Edge__RedisTimeoutMs", "500"));
        await _edge.ReadyAsync();
    }

    public async Task DisposeAsync()
    {
        await _edge.DisposeAsync();
        await _redis.DisposeAsync();
        await _service.DisposeAsync();
        await _gateway.DisposeAsync();
    }

    [Fact]
    public async Task Requests_OverTheBurst_AreRefusedByUserAndService()
    {
        var ann = Tokens.Bearer(Tokens.Of("ann"));
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await _edge.GetAsync("/open/", ann)).Status);
        }

        var refused = await _edge.GetAsync("/open/", ann);
        refused.AssertRefused(HttpStatusCode.TooManyRequests, "RATE_LIMITED");
        Assert.InRange(int.Parse(refused.Headers["Retry-After"]), 50, 101);

        Assert.Equal(HttpStatusCode.OK, (await _edge.GetAsync("/open/", Tokens.Bearer(Tokens.Of("bob")))).Status);
        Assert.Equal(HttpStatusCode.OK, (await _edge.GetAsync("/closed/", ann)).Status);
        Assert.Equal(HttpStatusCode.OK, (await _edge.GetAsync("/free/", ann)).Status);
    }

    [Fact]
    public async Task Requests_AtOnce_TakeNoTokenTwice()
    {
        var user = Tokens.Bearer(Tokens.Of("crowd"));
        var replies = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => _edge.GetAsync("/open/", user)));

        Assert.Equal(3, replies.Count(reply => reply.Status == HttpStatusCode.OK));
    }

    [Fact]
    public async Task Bucket_WithTime_IsRefilled()
    {
        _gateway.Set("limits", new JsonObject { ["open"] = new JsonObject { ["ratePerSecond"] = 5.0, ["burst"] = 1.0, ["onFailure"] = "open" } });
        await Eventually.TrueAsync(async () => (await _edge.StatusAsync()).GetProperty("version").GetString() == _gateway.Version);
        var user = Tokens.Bearer(Tokens.Of("slow"));
        Assert.Equal(HttpStatusCode.OK, (await _edge.GetAsync("/open/", user)).Status);

        await Eventually.TrueAsync(async () => (await _edge.GetAsync("/open/", user)).Status == HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Redis_Away_OpensOrClosesAsConfigured(bool frozen)
    {
        if (frozen)
        {
            _redis.Freeze();
        }
        else
        {
            _redis.Kill();
        }

        for (var i = 0; i < 6; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await _edge.GetAsync("/open/", Tokens.Bearer(Tokens.Of("ann")))).Status);
            var refused = await _edge.GetAsync("/closed/", Tokens.Bearer(Tokens.Of("ann")));
            refused.AssertRefused(HttpStatusCode.ServiceUnavailable, "LIMITER_AWAY");
            Assert.Equal("1", refused.Headers["Retry-After"]);
        }

        Assert.Equal(HttpStatusCode.OK, (await _edge.GetAsync("/free/")).Status);
        await Eventually.TrueAsync(async () => await _edge.SumAsync("fairway_edge_limits_unchecked_total") >= 12);

        if (frozen)
        {
            _redis.Resume();
        }
        else
        {
            await _redis.RestartAsync();
        }

        await Eventually.TrueAsync(async () => (await _edge.GetAsync("/closed/", Tokens.Bearer(Tokens.Of("bob")))).Status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Recent_OverItsSize_DropsTheLongestUnseen()
    {
        for (var i = 0; i < 8; i++)
        {
            await _edge.GetAsync("/free/", Tokens.Bearer(Tokens.Of($"user-{i}")));
            await Task.Delay(TimeSpan.FromMilliseconds(15), TimeProvider.System);
        }

        await Eventually.Passes(async () =>
        {
            var users = (await _edge.GetAsync("/edge/recent")).Json.GetProperty("users").EnumerateArray().Select(user => user.GetProperty("user").GetString());
            Assert.Equal(["user-7", "user-6", "user-5", "user-4", "user-3"], users);
        });
    }

    [Fact]
    public async Task Hash_OnAColdStart_SpreadsTheRecentUsersEvenly()
    {
        var services = await Service.StartAsync("a", "b", "c", "d", "e");
        var policy = new JsonObject { ["hashKey"] = "user", ["boundFactor"] = 1.01 };
        _gateway.Put("hashed", Listing.Of("hash", policy, [.. services.Select(service => service.Line())]));
        await Eventually.TrueAsync(async () => (await _edge.GetAsync("/hashed/", Tokens.Bearer(Tokens.Of("user-0")))).Id is not null);
        for (var i = 0; i < 5; i++)
        {
            await _edge.GetAsync("/hashed/", Tokens.Bearer(Tokens.Of($"user-{i}")));
        }

        await Eventually.TrueAsync(async () => (await _edge.GetAsync("/edge/recent")).Json.GetProperty("users").GetArrayLength() == 5);

        await _edge.RestartAsync();
        await _edge.ReadyAsync();

        // Five users over five instances, none over its bound: each instance has one. The worker reads the users as it starts.
        await Eventually.Passes(async () =>
        {
            var owners = new List<string?>();
            for (var i = 0; i < 5; i++)
            {
                owners.Add((await _edge.GetAsync("/hashed/", Tokens.Bearer(Tokens.Of($"user-{i}")))).Id);
            }

            Assert.Equal(5, owners.Distinct().Count());
        });
        foreach (var service in services)
        {
            await service.DisposeAsync();
        }
    }
}
