using System.Globalization;
using System.Net;
using System.Text.Json;
using Fairway.Testing;

namespace Fairway.Gateway.Tests.Releases;

[Trait("Engine", "any")]
public sealed class ReleaseTests
{
    private const string Quick = "\"author\":\"ann\",\"reason\":\"v2\",\"stepSeconds\":0,\"drainSeconds\":0";
    private const string Word = """{"author":"ann","reason":"test"}""";

    [Fact]
    public async Task BlueGreen_WholeWalk_EndsWithTheNewInstancesAsBase()
    {
        await using var fleet = await Fleet.StartAsync(old: 2);
        var begun = await fleet.BeginAsync("\"version\":\"2\"," + Quick);
        Assert.Equal((HttpStatusCode.Created, "starting", "orders-2"), (begun.Status, Text(begun, "phase"), Text(begun, "lane")));

        await fleet.StartNewAsync(2);
        await fleet.PhaseAsync("verifying");
        Assert.Equal(["old-0", "old-1"], await fleet.Host.IdsAsync("orders"));
        Assert.Equal("base", await fleet.RouteAsync("?user=ann"));
        Assert.Equal("orders-2", await fleet.RouteAsync("?label=orders-2"));

        await fleet.SayAsync("verify");
        await fleet.PhaseAsync("freeing");
        await fleet.OnlyAsync("new-0", "new-1");
        await fleet.StopOldAsync(0, 2);
        await fleet.PhaseAsync("done");

        Assert.Equal(["new-0", "new-1"], await fleet.UsableAsync());
        Assert.Equal("base", await fleet.RouteAsync("?label=orders-2"));
        Assert.Equal(HttpStatusCode.NotFound, (await fleet.Host.GetAsync("/v1/services/orders/grey", GatewayHost.AdminKey)).Status);
        Assert.DoesNotContain("orders-2", (await fleet.Host.GetAsync("/v1/lanes")).Text, StringComparison.Ordinal);
        await fleet.NothingFailedAsync();
    }

    [Fact]
    public async Task Half_WholeWalk_ReplacesOneHalfAfterTheOther()
    {
        await using var fleet = await Fleet.StartAsync(old: 4);
        await fleet.BeginAsync("\"version\":\"2\",\"strategy\":\"half\",\"verify\":false,\"ramp\":[10000]," + Quick);
        await fleet.OnlyAsync("old-2", "old-3");
        await fleet.StopOldAsync(0, 2);
        await fleet.PhaseAsync("starting");

        await fleet.StartNewAsync(2);
        await fleet.PhaseAsync("replacing");
        await fleet.OnlyAsync("new-0", "new-1");
        await fleet.StopOldAsync(2, 2);
        await fleet.StartNewAsync(4);
        await fleet.PhaseAsync("done");

        Assert.Equal(["new-0", "new-1", "new-2", "new-3"], await fleet.UsableAsync());
        await fleet.NothingFailedAsync();
    }

    [Theory]
    [InlineData("blue-green", "starting")]
    [InlineData("blue-green", "verifying")]
    [InlineData("blue-green", "ramping")]
    [InlineData("half", "emptying")]
    [InlineData("half", "verifying")]
    public async Task Rollback_AtEachStep_FailsNoRequest(string strategy, string phase)
    {
        await using var fleet = await Fleet.StartAsync(old: 2);
        await fleet.BeginAsync(
            $"\"version\":\"2\",\"strategy\":\"{strategy}\",\"author\":\"ann\",\"reason\":\"v2\",\"drainSeconds\":0,\"stepSeconds\":600,\"ramp\":[5000,10000]");
        if (phase is "verifying" or "ramping")
        {
            if (strategy == "half")
            {
                await fleet.OnlyAsync("old-1");
                await fleet.StopOldAsync(0, 1);
            }

            await fleet.PhaseAsync("starting");
            await fleet.StartNewAsync(strategy == "half" ? 1 : 2);
            await fleet.PhaseAsync("verifying");
        }

        if (phase == "ramping")
        {
            await fleet.SayAsync("verify");
            Assert.Contains("orders-2", await fleet.RoutesAsync());
        }

        await fleet.PhaseAsync(phase);
        await fleet.SayAsync("rollback");

        // Everybody is back when the answer is: no waiting here.
        Assert.DoesNotContain("orders-2", await fleet.RoutesAsync());
        await fleet.RestoreOldAsync();
        await fleet.PhaseAsync("rolledBack");
        Assert.Equal(["old-0", "old-1"], await fleet.Host.IdsAsync("orders"));
        await fleet.NothingFailedAsync();
    }

    [Fact]
    public async Task Ramp_NewVersionFails_PausesByItself()
    {
        await using var fleet = await Fleet.StartAsync(old: 2);
        await fleet.BeginAsync("\"version\":\"2\",\"verify\":false,\"author\":\"ann\",\"reason\":\"v2\",\"stepSeconds\":600");
        await fleet.StartNewAsync(2);
        await fleet.PhaseAsync("ramping");

        await fleet.ReportAsync("new-0", """{"rps":20,"errorRate":0.5,"latencyMs":10}""");

        await Eventually.TrueAsync(async () => (await fleet.ReleaseAsync()).GetProperty("paused").GetBoolean(), TimeSpan.FromSeconds(60));
        Assert.Contains("fail", (await fleet.ReleaseAsync()).GetProperty("reason").GetString(), StringComparison.Ordinal);
        await fleet.SayAsync("finish");
        Assert.Equal(10_000, (await fleet.ReleaseAsync()).GetProperty("ratio").GetInt32());
    }

    [Fact]
    public async Task Begin_Refusals_HaveCodes()
    {
        await using var fleet = await Fleet.StartAsync(old: 1);
        (await fleet.BeginAsync("\"version\":\"2\",\"strategy\":\"half\"," + Quick)).AssertRefused(HttpStatusCode.Conflict, "CAPACITY_SHORT");
        (await fleet.BeginAsync("\"version\":\"2\"," + Quick, service: "absent")).AssertRefused(HttpStatusCode.Conflict, "NOTHING_TO_REPLACE");
        (await fleet.BeginAsync("\"version\":\"2\"", GatewayHost.AdminKey)).AssertRefused(HttpStatusCode.BadRequest, "BAD_FIELD");
        (await fleet.BeginAsync("\"version\":\"2\",\"ramp\":[5]," + Quick)).AssertRefused(HttpStatusCode.BadRequest, "BAD_FIELD");
        (await fleet.BeginAsync("\"version\":\"2\",\"strategy\":\"big-bang\"," + Quick)).AssertRefused(HttpStatusCode.BadRequest, "BAD_FIELD");
        (await fleet.BeginAsync("\"version\":\"a/b\"," + Quick)).AssertRefused(HttpStatusCode.BadRequest, "BAD_NAME");
        (await fleet.BeginAsync("\"version\":\"2\"," + Quick, GatewayHost.RegistrarKey)).AssertRefused(HttpStatusCode.Unauthorized, "KEY_REQUIRED");
        (await fleet.Host.GetAsync("/v1/services/orders/release")).AssertRefused(HttpStatusCode.NotFound, "NOT_SET");

        await fleet.Host.PutAsync("/v1/services/orders/grey", """{"target":"other","ratioPer10000":1}""", GatewayHost.AdminKey);
        (await fleet.BeginAsync("\"version\":\"2\"," + Quick)).AssertRefused(HttpStatusCode.Conflict, "GREY_SET");
        await fleet.Host.DeleteAsync("/v1/services/orders/grey", GatewayHost.AdminKey);

        Assert.Equal(HttpStatusCode.Created, (await fleet.BeginAsync("\"version\":\"2\"," + Quick)).Status);
        (await fleet.BeginAsync("\"version\":\"3\"," + Quick)).AssertRefused(HttpStatusCode.Conflict, "RELEASE_RUNNING");
        (await fleet.Host.PostAsync("/v1/services/orders/release/verify", Word, GatewayHost.AdminKey)).AssertRefused(HttpStatusCode.Conflict, "RELEASE_PHASE");
        (await fleet.Host.PostAsync("/v1/services/orders/release/pause", "{}", GatewayHost.AdminKey)).AssertRefused(HttpStatusCode.BadRequest, "BAD_FIELD");
        Assert.Equal("orders", (await fleet.Host.GetAsync("/v1/releases")).Json.GetProperty("releases")[0].GetProperty("service").GetString());
    }

    private static string? Text(Answer answer, string field) => answer.Json.GetProperty(field).GetString();

    /// <summary>A Gateway with real instances that a test starts and stops, users who send them requests, and somebody who asks for a route all the time.</summary>
    private sealed class Fleet : IAsyncDisposable
    {
        private readonly CancellationTokenSource _ending = new();
        private readonly List<string> _failures = [];
        private readonly Dictionary<string, ReleaseServer> _servers = [];
        private ReleaseTraffic? _traffic;
        private Task _asking = Task.CompletedTask;
        private int _asked;

        private Fleet(GatewayHost host) => Host = host;

        public GatewayHost Host { get; }

        public static async Task<Fleet> StartAsync(int old)
        {
            var fleet = new Fleet(await GatewayHost.StartAsync());
            for (var i = 0; i < old; i++)
            {
                await fleet.RegisterAsync($"old-{i}", "");
            }

            fleet._traffic = new ReleaseTraffic(fleet.Host.Client.BaseAddress!);
            fleet._asking = fleet.AskAsync();
            return fleet;
        }

        public Task<Answer> BeginAsync(string fields, string key = GatewayHost.AdminKey, string service = "orders") =>
            Host.PostAsync($"/v1/services/{service}/release", "{" + fields + "}", key);

        /// <summary>New instances up to a number, in the release's lane.</summary>
        public async Task StartNewAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                if ((await UsableAsync()).Contains($"new-{i}"))
                {
                    continue;
                }

                await RegisterAsync($"new-{i}", "orders-2");
            }
        }

        public async Task StopOldAsync(int first, int count)
        {
            for (var i = first; i < first + count; i++)
            {
                Assert.Equal(HttpStatusCode.NoContent, (await Host.DeleteAsync($"/v1/services/orders/instances/old-{i}")).Status);
                await _servers[$"old-{i}"].DrainAsync();
            }
        }

        /// <summary>Waits until these alone may get requests.</summary>
        public Task OnlyAsync(params string[] ids) => Eventually.Passes(async () => Assert.Equal(ids, await UsableAsync()), TimeSpan.FromSeconds(60));

        public async Task RestoreOldAsync()
        {
            var there = await Host.IdsAsync("orders");
            foreach (var i in Enumerable.Range(0, 2).Where(i => !there.Contains($"old-{i}")))
            {
                await RegisterAsync($"old-{i}", "");
            }
        }

        public async Task ReportAsync(string id, string status) =>
            Assert.Equal(HttpStatusCode.NoContent, (await Host.PostAsync($"/v1/services/orders/instances/{id}/status", status)).Status);

        public async Task SayAsync(string word) =>
            Assert.Equal(HttpStatusCode.OK, (await Host.PostAsync($"/v1/services/orders/release/{word}", Word, GatewayHost.AdminKey)).Status);

        public async Task<JsonElement> ReleaseAsync() => (await Host.GetAsync("/v1/services/orders/release")).Json;

        public Task PhaseAsync(string phase) => Eventually.TrueAsync(
            async () => (await ReleaseAsync()).GetProperty("phase").GetString() == phase, TimeSpan.FromSeconds(60), phase);

        public async Task<string[]> UsableAsync()
        {
            var answer = await Host.GetAsync("/v1/services/orders/best?all=true");
            var lane = await Host.GetAsync("/v1/services/orders/best?lane=orders-2");
            return [.. answer.Json.GetProperty("instances").EnumerateArray().Concat(lane.Json.GetProperty("instances").EnumerateArray())
                .Where(line => line.GetProperty("state").GetString() is "ready" or "warming" or "unknown")
                .Select(line => line.GetProperty("id").GetString()!).Distinct().Order(StringComparer.Ordinal)];
        }

        /// <summary>The lane that serves, <c>base</c>, or the code.</summary>
        public async Task<string> RouteAsync(string query)
        {
            var route = (await Host.GetAsync("/v1/services/orders/route" + query)).Json;
            return route.GetProperty("code").GetString() ?? route.GetProperty("lane").GetString() ?? "base";
        }

        /// <summary>Where fifty users go.</summary>
        public async Task<string[]> RoutesAsync() =>
            await Task.WhenAll(Enumerable.Range(0, 50).Select(i => RouteAsync(string.Create(CultureInfo.InvariantCulture, $"?user=user-{i}"))));

        public async Task NothingFailedAsync()
        {
            await _ending.CancelAsync();
            await _asking;
            Assert.Empty(_failures);
            Assert.True(_asked > 10);
            var (served, failed) = await _traffic!.EndAsync();
            Assert.Empty(failed);
            Assert.True(served > 10, $"{served} requests");
        }

        public async ValueTask DisposeAsync()
        {
            await _ending.CancelAsync();
            await _asking;
            _ending.Dispose();
            if (_traffic is not null)
            {
                await _traffic.DisposeAsync();
            }

            await Host.DisposeAsync();
            foreach (var server in _servers.Values)
            {
                await server.DisposeAsync();
            }
        }

        private async Task RegisterAsync(string id, string lane)
        {
            if (!_servers.TryGetValue(id, out var server) || server.IsStopped)
            {
                _servers[id] = server = await ReleaseServer.StartAsync(id);
            }

            var answer = await Host.PutAsync(
                $"/v1/services/orders/instances/{id}", $$"""{"address":"{{server.Address}}","lane":"{{lane}}","ttlSeconds":600}""");
            Assert.True(answer.Status is HttpStatusCode.Created or HttpStatusCode.OK, answer.Text);
        }

        private async Task AskAsync()
        {
            await Task.Yield();
            while (!_ending.IsCancellationRequested)
            {
                foreach (var query in new[] { $"?user=user-{_asked % 100}", "?label=orders-2" })
                {
                    // What carries the lane's label before the lane has an instance is a tester's; nobody is sent there.
                    var isSent = query.StartsWith("?user", StringComparison.Ordinal);
                    if (await RouteAsync(query) is "LANE_SERVICE_DOWN" or "NO_PROVIDER" && isSent)
                    {
                        _failures.Add($"{query} in {(await ReleaseAsync()).GetProperty("phase").GetString()}");
                    }
                }

                _asked++;
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
            }
        }
    }
}
