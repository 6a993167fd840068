using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Fairway.Edge.Tests;

/// <summary>How the edge comes by its lists, and keeps them.</summary>
public sealed class SnapshotTests : IAsyncLifetime
{
    private ScriptedGateway _gateway = null!;
    private Service[] _services = null!;

    public async Task InitializeAsync()
    {
        _gateway = await ScriptedGateway.StartAsync();
        _services = await Service.StartAsync("one", "two");
        _gateway.Put("orders", Listing.Of(_services[0].Line()));
    }

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        foreach (var service in _services)
        {
            await service.DisposeAsync();
        }
    }

    [Fact]
    public async Task Ready_BeforeTheFirstList_Is503()
    {
        _gateway.Instead = context => Answer(context, 503, "{}");
        await using var edge = await EdgeServer.StartAsync(_gateway.Endpoint);

        (await edge.GetAsync("/readyz")).AssertRefused(HttpStatusCode.ServiceUnavailable, "NOT_READY");
        _gateway.Instead = null;
        await edge.ReadyAsync();
    }

    [Fact]
    public async Task Read_OfASnapshot_SaysWhoReads()
    {
        await using var edge = await EdgeServer.StartAsync(_gateway.Endpoint);
        await edge.ReadyAsync();

        var id = (await edge.StatusAsync()).GetProperty("id").GetString()!;
        Assert.Matches("^[A-Za-z0-9.-]*-[0-9a-f]{8}$", id);
        Assert.Equal(id, _gateway.Reader["x-fairway-edge"]);
        Assert.Equal($"127.0.0.1:{edge.Port}", _gateway.Reader["x-fairway-edge-address"]);
        Assert.Equal(typeof(Core.Directory.Member).Assembly.GetName().Version!.ToString(3), _gateway.Reader["x-fairway-edge-version"]);

        edge.Change("Edge__Id", "edge-one");
        edge.Change("Edge__AdvertiseAddress", "10.0.0.9:80");
        await edge.RestartAsync();
        await Soon.True(() => _gateway.Reader["x-fairway-edge"] == "edge-one");
        Assert.Equal("10.0.0.9:80", _gateway.Reader["x-fairway-edge-address"]);
    }

    [Fact]
    public async Task Change_OfOneService_IsFollowedByDelta()
    {
        await using var edge = await StartAsync();
        _gateway.Put("payments", Listing.Of(_services[1].Line()));

        await Soon.TrueAsync(async () => (await edge.GetAsync("/payments/")).Id == "two");
        Assert.Equal("one", (await edge.GetAsync("/orders/")).Id);

        _gateway.Remove("payments");
        await Soon.TrueAsync(async () => (await edge.GetAsync("/payments/")).Status == HttpStatusCode.ServiceUnavailable);
        await Soon.TrueAsync(async () => await edge.MetricAsync("""fairway_edge_snapshots_total{kind="delta"}""") >= 2);
        Assert.Equal(1, await edge.MetricAsync("""fairway_edge_snapshots_total{kind="full"}"""));
    }

    [Fact]
    public async Task Version_OlderWithinAnEpoch_IsRefused()
    {
        await using var edge = await StartAsync();
        var held = await VersionAsync(edge);
        _gateway.Recount(1);
        _gateway.Put("orders", Listing.Of(_services[1].Line()));

        await Soon.TrueAsync(async () => await edge.MetricAsync("""fairway_edge_snapshots_refused_total{reason="older"}""") >= 1);
        Assert.Equal((held, "one"), (await VersionAsync(edge), (await edge.GetAsync("/orders/")).Id));
    }

    [Fact]
    public async Task Version_OfANewEpoch_IsAccepted()
    {
        await using var edge = await StartAsync();
        _gateway.Put("orders", Listing.Of(_services[1].Line()));
        _gateway.Restarted("b");

        await Soon.TrueAsync(async () => (await VersionAsync(edge)).StartsWith("b-", StringComparison.Ordinal));
        Assert.Equal("two", (await edge.GetAsync("/orders/")).Id);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"version":"z-1","full":true,"services":[1]}""")]
    [InlineData("""{"version":"z-1","full":true,"services":{"orders":{"mode":"scored","instances":[{"id":"x"}]}}}""")]
    [InlineData("""{"version":"z-1","full":true,"services":{"orders":{"mode":"scored","instances":[{"id":"x","address":"nowhere","weight":1,"state":"ready"}]}}}""")]
    [InlineData("""{"version":"z-1","full":true,"services":{"orders":{"mode":"wild","instances":[]}}}""")]
    [InlineData("""{"version":"z-1","full":true,"services":{"orders":{"mode":"scored","instances":[""")]
    public async Task Snapshot_Corrupt_LeavesTheLastGoodOne(string body)
    {
        await using var edge = await StartAsync();
        _gateway.Instead = context => Answer(context, 200, body);
        _gateway.Set("offline", new JsonArray()); // ends the long-poll

        await Soon.TrueAsync(async () => await edge.MetricAsync("""fairway_edge_snapshots_refused_total{reason="corrupt"}""") >= 2);
        Assert.Equal("one", (await edge.GetAsync("/orders/")).Id);

        _gateway.Instead = null;
        _gateway.Put("orders", Listing.Of(_services[1].Line()));
        await Soon.TrueAsync(async () => (await edge.GetAsync("/orders/")).Id == "two");
    }

    [Fact]
    public async Task Snapshot_TooLarge_LeavesTheLastGoodOne()
    {
        await using var edge = await StartAsync(("Edge__MaxSnapshotMib", "1"));
        var sent = 0;
        _gateway.Instead = async context =>
        {
            Interlocked.Increment(ref sent);
            try
            {
                for (var i = 0; i < 100; i++)
                {
                    await context.Response.WriteAsync(new string(' ', 65536), context.RequestAborted);
                }
            }
            catch (OperationCanceledException)
            {
                // The edge had enough.
            }

            return true;
        };
        _gateway.Set("offline", new JsonArray());

        await Soon.True(() => Volatile.Read(ref sent) >= 2);
        Assert.Equal("one", (await edge.GetAsync("/orders/")).Id);
    }

    [Fact]
    public async Task Snapshot_FullAndEmpty_KeepsTheServicesForAWhile()
    {
        await using var edge = await StartAsync(("Edge__HoldSeconds", "3"));
        _gateway.Restarted("b", without: "orders"); // not a removal but a list without it

        await Soon.TrueAsync(async () => (await VersionAsync(edge)).StartsWith("b-", StringComparison.Ordinal));
        Assert.Equal("one", (await edge.GetAsync("/orders/")).Id);
        await Soon.TrueAsync(async () => (await edge.GetAsync("/orders/")).Status == HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task Gateway_Away_TheNextOneIsAsked()
    {
        await using var other = await ScriptedGateway.StartAsync("other", "b");
        other.Put("orders", Listing.Of(_services[1].Line()));
        await using var edge = await EdgeServer.StartAsync([_gateway.Endpoint, other.Endpoint]);
        await edge.ReadyAsync();
        Assert.Equal("one", (await edge.GetAsync("/orders/")).Id);

        await _gateway.StopAsync();

        await Soon.TrueAsync(async () => (await edge.GetAsync("/orders/")).Id == "two");
        Assert.Equal(other.Address, (await edge.StatusAsync()).GetProperty("gateway").GetString());
    }

    [Fact]
    public async Task Start_WhileDiscoveryIsAway_ServesTheListOnDisk()
    {
        await using var edge = await StartAsync();
        await Soon.True(() => File.Exists(edge.SnapshotFile));
        await _gateway.StopAsync();

        await edge.RestartAsync();

        var reply = await edge.GetAsync("/orders/");
        Assert.Equal("one", reply.Id);
        Assert.Matches("^age=[0-9]+$", reply.Headers["x-fairway-fallback"]);
        Assert.Equal("fallback", (await edge.StatusAsync()).GetProperty("mode").GetString());

        await _gateway.StartAsync();
        await Soon.TrueAsync(async () => !(await edge.GetAsync("/orders/")).Headers.ContainsKey("x-fairway-fallback"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("fairway-edge 1 1 1 1\nx")]
    [InlineData("garbage\n{}")]
    public async Task Start_FileIsDamaged_ServesOnceAGatewayAnswers(string content)
    {
        await using var edge = await StartAsync();
        await Soon.True(() => File.Exists(edge.SnapshotFile));
        await edge.Process.StopAsync();
        await File.WriteAllTextAsync(edge.SnapshotFile, content);

        await edge.RestartAsync();

        await edge.ReadyAsync();
        Assert.Equal("one", (await edge.GetAsync("/orders/")).Id);
    }

    [Fact]
    public async Task LongPoll_Cut_IsReplacedByIntervals()
    {
        _gateway.Instead = async context =>
        {
            if (context.Request.Query.ContainsKey("wait"))
            {
                await Answer(context, 504, "cut");
                return true;
            }

            return false;
        };
        await using var edge = await StartAsync(("Edge__IntervalSeconds", "0.1"));
        await Soon.True(() => edge.ErrorLog.Contains("long-polls are cut", StringComparison.Ordinal));

        _gateway.Put("orders", Listing.Of(_services[1].Line()));

        await Soon.TrueAsync(async () => (await edge.GetAsync("/orders/")).Id == "two");
        Assert.Equal("normal", (await edge.StatusAsync()).GetProperty("mode").GetString());
    }

    private async Task<EdgeServer> StartAsync(params (string Name, string Value)[] options)
    {
        var edge = await EdgeServer.StartAsync(_gateway.Endpoint, options);
        await edge.ReadyAsync();
        return edge;
    }

    private static async Task<string> VersionAsync(EdgeServer edge) => (await edge.StatusAsync()).GetProperty("version").GetString()!;

    private static async Task<bool> Answer(HttpContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        await context.Response.WriteAsync(body, context.RequestAborted);
        return true;
    }
}
