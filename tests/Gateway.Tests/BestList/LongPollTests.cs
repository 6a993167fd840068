using System.Net;
using Fairway.Core.Directory;
using Fairway.Testing;
using static Fairway.Gateway.Tests.Snapshots;

namespace Fairway.Gateway.Tests.BestList;

public sealed class LongPollTests : IAsyncLifetime
{
    private readonly ManualClock _clock = new();
    private DirectoryHost _host = null!;

    public async Task InitializeAsync()
    {
        _host = await DirectoryHost.StartAsync(_clock);
        _host.Show(Service("orders", Instance("a")), Service("other", Instance("x")));
    }

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Since_SameVersion_Is304WithETagAtOnce()
    {
        var first = await _host.GetAsync("/v1/services/orders/best");
        var again = await _host.GetAsync($"/v1/services/orders/best?since={Version(first)}");
        Assert.Equal((HttpStatusCode.NotModified, first.ETag, ""), (again.Status, again.ETag, again.Text));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("otherepoch-1")]
    [InlineData("")]
    public async Task Since_AnotherVersion_Is200AtOnce(string since) =>
        Assert.Equal(HttpStatusCode.OK, (await _host.GetAsync($"/v1/services/orders/best?since={since}&wait=60s")).Status);

    [Theory]
    [InlineData("{0}")]
    [InlineData("W/{0}")]
    [InlineData("\"x\", {0}")]
    [InlineData("*")]
    public async Task IfNoneMatch_SameVersion_Is304(string header)
    {
        var first = await _host.GetAsync("/v1/services");
        var again = await _host.GetAsync("/v1/services", string.Format(null, header, first.ETag));
        Assert.Equal((HttpStatusCode.NotModified, first.ETag), (again.Status, again.ETag));
    }

    [Fact]
    public async Task IfNoneMatch_AnotherVersion_Is200() =>
        Assert.Equal(HttpStatusCode.OK, (await _host.GetAsync("/v1/services", "\"x\"")).Status);

    [Theory]
    [InlineData("/v1/services/orders/best")]
    [InlineData("/v1/services")]
    [InlineData("/v1/edge/snapshot")]
    public async Task Wait_ListChanges_AnswersTheNewOne(string path)
    {
        var first = await _host.GetAsync(path);
        var waiting = _host.GetAsync($"{path}?since={Version(first)}&wait=60s");
        await Eventually.True(() => _host.Store.WaitingReaders == 1);
        _host.Show(Service("orders", Instance("a"), Instance("b")));
        var news = await waiting;
        Assert.Equal(HttpStatusCode.OK, news.Status);
        Assert.NotEqual(first.ETag, news.ETag);
        Assert.Contains(path == "/v1/services" ? "\"instances\":2" : "\"b\"", news.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wait_OtherServiceChanges_KeepsWaiting()
    {
        var first = await _host.GetAsync("/v1/services/orders/best");
        var waiting = _host.GetAsync($"/v1/services/orders/best?since={Version(first)}&wait=60s");
        await Eventually.True(() => _host.Store.WaitingReaders == 1);
        _host.Show(Service("other", Instance("x"), Instance("y")));
        Assert.Equal(1, _host.Store.WaitingReaders);
        _clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(HttpStatusCode.NotModified, (await waiting).Status);
    }

    [Fact]
    public async Task Wait_TimeIsUp_Is304WithETag()
    {
        var first = await _host.GetAsync("/v1/services/orders/best");
        var waiting = _host.GetAsync($"/v1/services/orders/best?since={Version(first)}&wait=500ms");
        await Eventually.True(() => _host.Store.WaitingReaders == 1);
        _clock.Advance(TimeSpan.FromMilliseconds(499));
        Assert.False(waiting.IsCompleted);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        var answer = await waiting;
        Assert.Equal((HttpStatusCode.NotModified, first.ETag), (answer.Status, answer.ETag));
        Assert.Equal(0, _host.Store.WaitingReaders);
    }

    [Fact]
    public async Task Wait_ServiceLeaves_IsServiceUnknown()
    {
        var first = await _host.GetAsync("/v1/services/orders/best");
        var waiting = _host.GetAsync($"/v1/services/orders/best?since={Version(first)}&wait=60s");
        await Eventually.True(() => _host.Store.WaitingReaders == 1);
        _host.Store.Apply(new DirectoryChange(At) { Removed = ["orders"] });
        (await waiting).AssertRefused(HttpStatusCode.NotFound, "SERVICE_UNKNOWN");
    }

    [Fact]
    public async Task Wait_ReaderLeaves_IsForgotten()
    {
        var first = await _host.GetAsync("/v1/services/orders/best");
        using var leaving = new CancellationTokenSource();
        var waiting = _host.Client.GetAsync(new Uri($"/v1/services/orders/best?since={Version(first)}&wait=60s", UriKind.Relative), leaving.Token);
        await Eventually.True(() => _host.Store.WaitingReaders == 1);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Eventually.True(() => _host.Store.WaitingReaders == 0);
    }

    [Fact]
    public async Task Wait_GatewayStops_AnswersAtOnce()
    {
        var first = await _host.GetAsync("/v1/services/orders/best");
        var waiting = _host.GetAsync($"/v1/services/orders/best?since={Version(first)}&wait=60s");
        await Eventually.True(() => _host.Store.WaitingReaders == 1);
        await _host.StopAsync();
        Assert.Equal(HttpStatusCode.NotModified, (await waiting).Status);
    }

    [Fact]
    public async Task Restart_AnotherEpoch_WakesEveryReader()
    {
        var first = await _host.GetAsync("/v1/services");
        var waiting = _host.GetAsync($"/v1/services?since={Version(first)}&wait=60s");
        await Eventually.True(() => _host.Store.WaitingReaders == 1);
        _host.Store.Restart(new DirectoryChange(At) { Services = [Service("orders", Instance("a"))] });
        Assert.Equal(HttpStatusCode.OK, (await waiting).Status);
    }

    [Fact]
    public async Task Edge_KnownSince_IsTheDifference()
    {
        var first = await _host.GetAsync("/v1/edge/snapshot");
        Assert.True(first.Json.GetProperty("full").GetBoolean());
        Assert.Equal("null", first.Json.GetProperty("base").GetRawText());
        Assert.Equal(2, first.Json.GetProperty("services").EnumerateObject().Count());
        Assert.All(["lanes", "grey", "offline", "limits", "gateways"], table => Assert.True(first.Json.TryGetProperty(table, out _)));

        _host.Store.Apply(new DirectoryChange(At)
        {
            Services = [Service("third", Instance("t"))],
            Removed = ["other"],
            Tables = DirectoryTables.Empty with { Offline = DirectoryTables.Empty.Offline.Add("10.0.0.9:1", new OfflineMark("10.0.0.9:1", "me", "why", null)) },
        });
        var delta = (await _host.GetAsync($"/v1/edge/snapshot?since={Version(first)}")).Json;
        Assert.False(delta.GetProperty("full").GetBoolean());
        Assert.Equal(Version(first), delta.GetProperty("base").GetString());
        Assert.Equal(["third"], delta.GetProperty("services").EnumerateObject().Select(service => service.Name));
        Assert.Equal("other", Assert.Single(delta.GetProperty("removed").EnumerateArray()).GetString());
        Assert.Equal("10.0.0.9:1", Assert.Single(delta.GetProperty("offline").EnumerateArray()).GetString());
        Assert.All(["lanes", "grey", "limits", "gateways"], table => Assert.False(delta.TryGetProperty(table, out _)));
    }

    private static string? Version(Answer answer) => answer.Json.GetProperty("version").GetString();
}
