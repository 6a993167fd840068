using Fairway.Exporter.Tests.Hosting;
using Fairway.Registry;
using Fairway.Registry.Etcd;
using Fairway.Registry.Memory;
using Fairway.Testing;
using Microsoft.Extensions.Options;

namespace Fairway.Exporter.Tests.Fleet;

public sealed class CompactionTests
{
    private const string Counter = "fairway_registry_compactions_total";

    private static readonly (string Key, string Value)[] Often = [("Exporter:KeepHistory", "00:00:01"), ("Exporter:CompactInterval", "00:00:00.250")];

    [Fact]
    public async Task Compactor_OnEtcd_OneDropsOldHistoryAndAnotherWhenItIsGone()
    {
        await using var etcd = await EtcdServer.StartAsync();
        using var registry = new EtcdRegistry(Options.Create(new EtcdOptions { Endpoints = [etcd.Endpoint.ToString()] }));
        await ElectedOneCompactsAsync(registry);
    }

    [Fact]
    public async Task Compactor_OnTheEmbeddedRegistry_OneDropsOldHistoryAndAnotherWhenItIsGone()
    {
        using var registry = new MemoryRegistry();
        await ElectedOneCompactsAsync(registry);
    }

    private static async Task ElectedOneCompactsAsync(IRegistry registry)
    {
        await using var group = new ExporterGroup(registry);
        await group.AddAsync("e1", Often);
        await group.AddAsync("e2", Often);
        var written = await registry.PutAsync("/fairway/config/app/a", "1"u8.ToArray());

        await Eventually.TrueAsync(() => IsGoneAsync(registry, written));
        Assert.Contains(Counter, await group.MetricsAsync("e1"));
        Assert.DoesNotContain($"\n{Counter} ", await group.MetricsAsync("e2"));

        await group.StopAsync("e1");
        written = await registry.PutAsync("/fairway/config/app/a", "2"u8.ToArray());
        await Eventually.TrueAsync(() => IsGoneAsync(registry, written));
        Assert.Contains($"\n{Counter} ", await group.MetricsAsync("e2"));
        Assert.Equal("2"u8.ToArray(), (await registry.GetAsync("/fairway/config/app/a"))!.Value.Value.ToByteArray());
    }

    private static async Task<bool> IsGoneAsync(IRegistry registry, long revision)
    {
        await registry.PutAsync("/fairway/config/app/b", "1"u8.ToArray()); // history goes on
        using var stop = new CancellationTokenSource();
        try
        {
            await foreach (var batch in registry.WatchAsync("/fairway/config/", revision, stop.Token))
            {
                if (batch.Changes.Count > 0)
                {
                    return false;
                }
            }
        }
        catch (RegistryException e) when (e.Error == RegistryError.Compacted)
        {
            return true;
        }

        return false;
    }
}
