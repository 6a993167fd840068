using System.Text;
using Fairway.Registry.Etcd;
using Fairway.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Fairway.Registry.Tests.Etcd;

/// <summary>A real etcd that dies, hangs and comes back.</summary>
public sealed class EtcdFaultTests : IAsyncLifetime
{
    private EtcdServer _server = null!;
    private EtcdRegistry _registry = null!;

    public async Task InitializeAsync()
    {
        _server = await EtcdServer.StartAsync();
        _registry = Client();
    }

    public async Task DisposeAsync()
    {
        _registry.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task KilledAndRestarted_WatcherResumesWithoutLossAndLeaseKeeperGoesOn()
    {
        await using var keeper = new LeaseKeeper(_registry, TimeSpan.FromSeconds(10), TimeProvider.System, NullLogger.Instance);
        await keeper.PutAsync("/p/mine", Bytes("1"));
        await using var events = new EventReader(new RegistryWatcher(_registry, "/p/").ReadAsync());
        Assert.Single((await events.NextAsync<RegistryEvent.Listed>()).Listing.Entries);
        await _registry.PutAsync("/p/a", Bytes("1"));
        await events.KeysAsync(1);

        _server.Kill();
        await events.SkipToAsync<RegistryEvent.Lost>();
        var away = await Assert.ThrowsAsync<RegistryException>(() => _registry.GetAsync("/p/a"));
        Assert.Equal(RegistryError.Away, away.Error);
        await _server.RestartAsync();
        await _registry.PutAsync("/p/b", Bytes("2"));
        await _registry.DeleteAsync("/p/a");

        Assert.Equal(["/p/b", "/p/a"], await events.KeysAsync(2));
        await keeper.PutAsync("/p/more", Bytes("1"));
        Assert.NotNull(await _registry.GetAsync("/p/mine"));
    }

    [Fact]
    public async Task Compacted_WhileAWatcherIsPaused_ListsAgain()
    {
        await using var events = new EventReader(new RegistryWatcher(_registry, "/p/").ReadAsync());
        await events.NextAsync<RegistryEvent.Listed>();
        await events.NextAsync<RegistryEvent.Changed>();
        await _registry.PutAsync("/p/a", Bytes("1"));
        await events.KeysAsync(1);

        // While the watcher is cut off, its place in the history goes.
        _server.Kill();
        await events.SkipToAsync<RegistryEvent.Lost>();
        await _server.RestartAsync();
        await _registry.DeleteAsync("/p/a");
        await _registry.PutAsync("/p/b", Bytes("1"));
        await _registry.CompactAsync(await _registry.PutAsync("/p/b", Bytes("2")));

        var listed = await events.SkipToAsync<RegistryEvent.Listed>();
        Assert.False(listed.Restored);
        Assert.Equal("/p/b", Assert.Single(listed.Listing.Entries).Key);
    }

    [Fact]
    public async Task Restored_WithTheLeaseAndNotAllItsKeys_KeeperPutsThemAndWatcherNotices()
    {
        using var folder = new TempFolder();
        await using var keeper = new LeaseKeeper(_registry, TimeSpan.FromSeconds(6), TimeProvider.System, NullLogger.Instance);
        await keeper.PutAsync("/p/mine", Bytes("1"));
        await using var events = new EventReader(new RegistryWatcher(_registry, "/p/").ReadAsync());
        var before = (await events.NextAsync<RegistryEvent.Listed>()).Listing;
        await _server.SnapshotAsync(folder["backup"]);
        await keeper.PutAsync("/p/later", Bytes("1"));
        var seen = await _registry.PutAsync("/p/a", Bytes("1"));
        await events.KeysAsync(2);

        await _server.RestoreAsync(folder["backup"]);
        while (await _registry.PutAsync("/p/b", Bytes("1")) <= seen)
        {
        }

        var listed = await events.SkipToAsync<RegistryEvent.Listed>();
        Assert.True(listed.Restored);
        Assert.Equal(before.ClusterId, listed.Listing.ClusterId);
        Assert.DoesNotContain(listed.Listing.Entries, entry => entry.Key == "/p/a");
        await Eventually.TrueAsync(async () => await _registry.GetAsync("/p/later") is not null, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Frozen_WatchNoticesAndCallsEndInTime()
    {
        using var hasty = Client(options =>
        {
            options.ProgressInterval = TimeSpan.FromMilliseconds(200);
            options.ProgressTimeout = TimeSpan.FromMilliseconds(300);
            options.AttemptTimeout = TimeSpan.FromMilliseconds(300);
            options.RequestTimeout = TimeSpan.FromSeconds(1);
        });
        await using var watch = new WatchReader(hasty.WatchAsync("/p/", 0), TimeSpan.FromSeconds(10));
        await watch.NextAsync();
        Assert.Empty((await watch.NextAsync()).Changes); // it answers progress while it lives

        _server.Freeze();
        try
        {
            var broken = await Assert.ThrowsAsync<RegistryException>(async () =>
            {
                while (true)
                {
                    await watch.NextAsync();
                }
            });
            Assert.Equal(RegistryError.Away, broken.Error);
            var late = await Assert.ThrowsAsync<RegistryException>(() => hasty.PutAsync("/p/a", Bytes("1")));
            Assert.Equal(RegistryError.Away, late.Error);
            Assert.Equal(RegistryError.Away, (await Assert.ThrowsAsync<RegistryException>(() => hasty.KeepAliveAsync(1))).Error);
        }
        finally
        {
            _server.Resume();
        }

        await _registry.PutAsync("/p/b", Bytes("1"));
        Assert.NotNull(await hasty.GetAsync("/p/b"));
    }

    [Fact]
    public async Task List_ValuesLargerThanAMessage_ComesInSmallerPages()
    {
        using var narrow = Client(options => options.MaxMessageBytes = 512 * 1024);
        for (var i = 0; i < 12; i++)
        {
            await _registry.PutAsync($"/p/{i:00}", new byte[100 * 1024]);
        }

        var listing = await narrow.ListAsync("/p/");

        Assert.Equal(12, listing.Entries.Count);
        Assert.Equal(12, listing.Entries.Select(entry => entry.Key).Distinct().Count());
    }

    [Fact]
    public async Task Watch_HistoryLargerThanAMessage_ComesInFragmentsAndWhole()
    {
        using var narrow = Client(options => options.MaxMessageBytes = 3 * 1024 * 1024);
        var start = 0L;
        for (var i = 0; i < 15; i++)
        {
            var revision = await _registry.PutAsync($"/p/{i:00}", new byte[400 * 1024]);
            start = i == 0 ? revision : start;
        }

        await using var watch = new WatchReader(narrow.WatchAsync("/p/", start), TimeSpan.FromSeconds(10));
        var changes = await watch.ChangesAsync(15);

        Assert.Equal(Enumerable.Range(0, 15).Select(i => $"/p/{i:00}"), changes.Select(change => change.Entry.Key));
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private EtcdRegistry Client(Action<EtcdOptions>? change = null)
    {
        var options = new EtcdOptions { Endpoints = [_server.Endpoint.ToString()] };
        change?.Invoke(options);
        return new EtcdRegistry(Options.Create(options));
    }
}
