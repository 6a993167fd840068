using Fairway.Grains.Tests.Hosting;
using Fairway.Registry.Etcd;
using Fairway.Registry.Schema;
using Fairway.Testing;
using Microsoft.Extensions.Options;
using Xunit.Abstractions;

namespace Fairway.Grains.Tests.Faults;

/// <summary>Random faults of a real etcd, seen from the lists that a Gateway is pushed.</summary>
public sealed class EtcdSequenceTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Seed = 20;
    private static readonly int Rounds = Environment.GetEnvironmentVariable("FAIRWAY_SOAK") is { Length: > 0 } ? 200 : 20;
    private static readonly string[] Pillars = ["p1", "p2"];

    private readonly Random _random = new(Seed);
    private readonly TempFolder _folder = new();
    private EtcdServer _etcd = null!;
    private EtcdRegistry _registry = null!;

    public async Task InitializeAsync()
    {
        _etcd = await EtcdServer.StartAsync();
        _registry = new EtcdRegistry(Options.Create(new EtcdOptions
        {
            Endpoints = [_etcd.Endpoint.GetLeftPart(UriPartial.Authority)],
            ProgressInterval = TimeSpan.FromMilliseconds(300),
            ProgressTimeout = TimeSpan.FromSeconds(1),
            AttemptTimeout = TimeSpan.FromSeconds(1),
        }));
    }

    public async Task DisposeAsync()
    {
        _registry.Dispose();
        await _etcd.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Etcd_ThroughRandomFaults_ListsFollowAndNoneIsEmptiedByAccident()
    {
        foreach (var id in Pillars)
        {
            await _registry.RegisterAsync("orders", id);
        }

        await _etcd.SnapshotAsync(_folder["0"]);
        await using var host = await DirectoryHost.StartAsync(_registry, null);
        var gateway = await host.SubscribeAsync();
        for (var round = 1; round <= Rounds; round++)
        {
            var fault = (Fault)_random.Next(5);
            output.WriteLine($"seed {Seed}, round {round}: {fault}");
            await WriteSomeAsync();
            await CaughtUpAsync(host, gateway);
            var epoch = (await host.RenewAsync(gateway)).State.Epoch;
            var isNoticed = await MakeAsync(fault, host, gateway);
            await WriteSomeAsync();
            await CaughtUpAsync(host, gateway);
            if (isNoticed)
            {
                // A listing may fit both histories: then the last put that was read tells, a moment later.
                await host.UntilAsTimePasses(async () => (await host.RenewAsync(gateway)).State.Epoch != epoch);
            }
            else
            {
                Assert.Equal(epoch, (await host.RenewAsync(gateway)).State.Epoch);
            }
        }

        Assert.All(
            gateway.History.Where(snapshot => snapshot.Service == "orders" && !snapshot.Instances.IsEmpty),
            snapshot => Assert.All(Pillars, id => Assert.Contains(snapshot.Instances, instance => instance.Id == id)));
        Assert.DoesNotContain("orders", gateway.Removed);
    }

    /// <summary>Returns whether the history that was read is no more.</summary>
    private async Task<bool> MakeAsync(Fault fault, DirectoryHost host, Recorder gateway)
    {
        switch (fault)
        {
            case Fault.Killed:
                _etcd.Kill();
                await UntilStaleAsync(host, gateway);
                await _etcd.RestartAsync();
                return false;
            case Fault.Compacted:
                _etcd.Kill();
                await UntilStaleAsync(host, gateway);
                await _etcd.RestartAsync();
                await WriteSomeAsync();
                await _registry.CompactAsync(await _registry.RegisterAsync("payments", "last"));
                return false;
            case Fault.Silent:
                _etcd.Freeze();
                try
                {
                    await UntilStaleAsync(host, gateway);
                }
                finally
                {
                    _etcd.Resume();
                }

                return false;
            default:
                // The same cluster, by its id; the second time its revision passes the one that was read before anybody is back.
                host.Gate.GoAway();
                await _etcd.SnapshotAsync(_folder["1"]);
                var last = 0L;
                for (var i = _random.Next(1, 4); i > 0; i--)
                {
                    last = await _registry.RegisterAsync("payments", $"lost-{i}");
                }

                host.Gate.ComeBack();
                await CaughtUpAsync(host, gateway);
                // Read as a change: what a listing alone told cannot be asked for again.
                last = await _registry.RegisterAsync("payments", "lost-last");
                await CaughtUpAsync(host, gateway);
                host.Gate.GoAway();
                await UntilStaleAsync(host, gateway);
                await _etcd.RestoreAsync(_folder["1"]);
                File.Delete(_folder["1"]);
                while (fault == Fault.RestoredAndPassed && await _registry.RegisterAsync("payments", "other") <= last)
                {
                }

                host.Gate.ComeBack();
                return true;
        }
    }

    private async Task WriteSomeAsync()
    {
        for (var i = _random.Next(1, 5); i > 0; i--)
        {
            var (service, id) = (_random.Next(2) == 0 ? "orders" : "payments", $"i{_random.Next(5)}");
            await Eventually.Passes(async () =>
            {
                if (_random.Next(3) == 0)
                {
                    await _registry.DeregisterAsync(service, id);
                }
                else
                {
                    await _registry.RegisterAsync(Writes.Instance(service, id, $"10.0.0.1:{_random.Next(1, 60000)}"));
                }
            });
        }
    }

    private static Task UntilStaleAsync(DirectoryHost host, Recorder gateway) =>
        host.UntilAsTimePasses(async () => (await host.RenewAsync(gateway)).State.Stale);

    private async Task CaughtUpAsync(DirectoryHost host, Recorder gateway)
    {
        var truth = (await _registry.ListAsync(RegistryKeys.Instances)).Entries
            .Select(entry => Assert.IsType<InstanceKey>(RegistryKey.TryParse(entry.Key, out var key) ? key : null))
            .ToLookup(key => key.Service, key => key.Id);
        await host.UntilAsTimePasses(async () =>
        {
            var state = (await host.RenewAsync(gateway)).State;
            return !state.Stale && ((string[])["orders", "payments"]).All(service =>
                gateway.Ranked(service).Order(StringComparer.Ordinal).SequenceEqual(truth[service].Order(StringComparer.Ordinal))
                && (!truth.Contains(service) || gateway.Snapshot(service)!.Epoch == state.Epoch));
        });
    }

    private enum Fault
    {
        Killed,
        Compacted,
        Silent,
        Restored,
        RestoredAndPassed,
    }
}
