using System.Text;
using Fairway.Registry.Etcd;
using Fairway.Testing;
using Microsoft.Extensions.Options;

namespace Fairway.Registry.Tests.Etcd;

/// <summary>Three members, of which one goes.</summary>
public sealed class EtcdClusterTests : IAsyncLifetime
{
    private EtcdCluster _cluster = null!;
    private EtcdRegistry _registry = null!;

    public async Task InitializeAsync()
    {
        _cluster = await EtcdCluster.StartAsync();
        _registry = new EtcdRegistry(Options.Create(new EtcdOptions
        {
            Endpoints = [.. _cluster.Endpoints.Select(endpoint => endpoint.ToString())],
            AttemptTimeout = TimeSpan.FromSeconds(1),
            RequestTimeout = TimeSpan.FromSeconds(10),
            ProgressInterval = TimeSpan.FromMilliseconds(500),
            ProgressTimeout = TimeSpan.FromMilliseconds(500),
        }));
    }

    public async Task DisposeAsync()
    {
        _registry.Dispose();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task Killed_TheMemberInUse_AllGoesOnAtAnother()
    {
        await using var events = new EventReader(new RegistryWatcher(_registry, "/p/").ReadAsync());
        await events.NextAsync<RegistryEvent.Listed>();
        var lease = await _registry.GrantAsync(TimeSpan.FromSeconds(60));
        await _registry.PutAsync("/p/a", Bytes("1"), lease);
        await events.KeysAsync(1);

        _cluster.Members[0].Kill();

        await PutAsync("/p/b");
        Assert.NotNull(await _registry.KeepAliveAsync(lease));
        var seen = await events.SkipToAsync<RegistryEvent.Changed>(changed => changed.Batch.Changes.Count > 0);
        Assert.Equal("/p/b", seen.Batch.Changes[0].Entry.Key);
        Assert.Equal(2, (await _registry.ListAsync("/p/")).Entries.Count);
    }

    [Fact]
    public async Task Killed_AnotherMember_NobodyNotices()
    {
        await using var events = new EventReader(new RegistryWatcher(_registry, "/p/").ReadAsync());
        await events.NextAsync<RegistryEvent.Listed>();
        await events.NextAsync<RegistryEvent.Changed>();

        _cluster.Members[2].Kill();

        await PutAsync("/p/a");
        var seen = await events.SkipToAsync<RegistryEvent.Changed>(changed => changed.Batch.Changes.Count > 0);
        Assert.Equal("/p/a", seen.Batch.Changes[0].Entry.Key);
    }

    [Fact]
    public async Task Frozen_TheMemberInUse_AllGoesOnAtAnother()
    {
        await using var events = new EventReader(new RegistryWatcher(_registry, "/p/").ReadAsync());
        await events.NextAsync<RegistryEvent.Listed>();
        await PutAsync("/p/0"); // without an event there is nothing to resume from
        await events.KeysAsync(1);

        var frozen = _cluster.Members[0];
        frozen.Freeze();
        try
        {
            // The signal is delivered to one thread after the other.
            await Eventually.True(() => File.ReadAllText($"/proc/{frozen.Pid}/stat").Split(' ')[2] == "T");
            await PutAsync("/p/a");
            var seen = await events.SkipToAsync<RegistryEvent.Changed>(changed => changed.Batch.Changes.Count > 0);
            Assert.Equal("/p/a", seen.Batch.Changes[0].Entry.Key);
        }
        finally
        {
            frozen.Resume();
        }
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>An election may take longer than one call's patience.</summary>
    private async Task PutAsync(string key) =>
        await Eventually.Passes(() => _registry.PutAsync(key, Bytes("1")));
}
