using System.Net;
using System.Text;
using Fairway.Registry.Etcd;
using Fairway.Registry.Memory;
using Fairway.Testing;
using Microsoft.Extensions.Options;

namespace Fairway.Registry.Tests.Memory;

public sealed class MemoryRegistryServerTests
{
    [Fact]
    public async Task Restarted_EmptyOnTheSamePort_IsRestoredAndLeaseIsLost()
    {
        using var first = new MemoryRegistry();
        var server = await MemoryRegistryServer.StartAsync(first);
        using var client = new EtcdRegistry(Options.Create(new EtcdOptions { Endpoints = [server.Endpoint.ToString()] }));
        var lease = await client.GrantAsync(TimeSpan.FromSeconds(60));
        await client.PutAsync("/p/a", "1"u8.ToArray(), lease);
        await using var events = new EventReader(new RegistryWatcher(client, "/p/").ReadAsync());
        await events.NextAsync<RegistryEvent.Listed>();
        await events.NextAsync<RegistryEvent.Changed>();

        await server.DisposeAsync();
        await events.SkipToAsync<RegistryEvent.Lost>();
        using var second = new MemoryRegistry();
        await second.PutAsync("/p/b", Encoding.UTF8.GetBytes("2"));
        await using var again = await MemoryRegistryServer.StartAsync(second, new IPEndPoint(IPAddress.Loopback, server.Endpoint.Port));

        var listed = await events.SkipToAsync<RegistryEvent.Listed>();
        Assert.True(listed.Restored);
        Assert.Equal("/p/b", Assert.Single(listed.Listing.Entries).Key);
        Assert.Null(await client.KeepAliveAsync(lease));
    }

    [Fact]
    public async Task Dispose_WithAWatchOpen_DoesNotWaitForIt()
    {
        using var registry = new MemoryRegistry();
        var server = await MemoryRegistryServer.StartAsync(registry);
        using var client = new EtcdRegistry(Options.Create(new EtcdOptions { Endpoints = [server.Endpoint.ToString()] }));
        await using var watch = new WatchReader(client.WatchAsync("/", 0), TimeSpan.FromSeconds(10));
        await watch.NextAsync();

        await server.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(3), TimeProvider.System);

        await Assert.ThrowsAsync<RegistryException>(() => watch.NextChangedAsync());
    }

    [Fact]
    public async Task List_LargerThanOneMessage_ComesInPages()
    {
        using var registry = new MemoryRegistry();
        for (var i = 0; i < 40; i++)
        {
            await registry.PutAsync($"/p/{i:00}", new byte[200 * 1024]);
        }

        await using var server = await MemoryRegistryServer.StartAsync(registry);
        using var client = new EtcdRegistry(Options.Create(new EtcdOptions
        {
            Endpoints = [server.Endpoint.ToString()], MaxMessageBytes = 1024 * 1024,
        }));

        Assert.Equal(40, (await client.ListAsync("/p/")).Entries.Count);
    }

    [Fact]
    public async Task Watch_ClientGone_IsForgotten()
    {
        using var registry = new MemoryRegistry();
        await using var server = await MemoryRegistryServer.StartAsync(registry);
        using var client = new EtcdRegistry(Options.Create(new EtcdOptions { Endpoints = [server.Endpoint.ToString()] }));
        await using (var watch = new WatchReader(client.WatchAsync("/", 0), TimeSpan.FromSeconds(10)))
        {
            await watch.NextAsync();
            Assert.Equal(1, registry.Store.Watches);
        }

        await Eventually.True(() => registry.Store.Watches == 0);
    }
}
