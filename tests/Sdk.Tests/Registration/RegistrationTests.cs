using System.Net;
using Fairway.Core.Directory;
using Fairway.Registry.Memory;
using Fairway.Registry.Schema;
using Fairway.Sdk.Registration;
using Fairway.Testing;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Tests.Registration;

public sealed class RegistrationTests : IDisposable
{
    private readonly ManualClock _clock = new();
    private readonly MemoryRegistry _registry;

    public RegistrationTests() => _registry = new MemoryRegistry(time: _clock);

    [Fact]
    public async Task Start_PortZero_PublishesTheRecordWithTheFreePorts()
    {
        await using var host = await ServiceHost.StartAsync(_registry, time: _clock, configure: options =>
        {
            options.Port = 0;
            options.Zone = "z1";
            options.Version = "1.2.3";
            options.Weight = 50;
            options.Metadata["team"] = "blue";
        });
        var record = await RegisteredAsync();

        Assert.Equal(("orders", "orders-1", "http", "orca"), (record.Service, record.Id, record.Protocol, record.Probe));
        Assert.Equal(("z1", "1.2.3", "", 50), (record.Zone, record.Version, record.Lane, record.Weight));
        Assert.Equal("blue", record.Metadata["team"]);
        Assert.Equal(_clock.GetUtcNow(), record.StartedAt);
        Assert.False(record.Draining);
        Assert.NotEqual(record.Address, record.ProbeAddress);
        Assert.All(new[] { record.Address, record.ProbeAddress! }, address =>
        {
            Assert.Equal(IPAddress.Loopback, IPEndPoint.Parse(address).Address);
            Assert.NotEqual(0, IPEndPoint.Parse(address).Port);
        });
        Assert.Equal("ok", await host.Http.GetStringAsync(new Uri($"http://{record.Address}/")));
    }

    [Fact]
    public async Task Start_FixedPorts_PublishesThem()
    {
        var (port, probePort) = (FreePort.Next(), FreePort.Next());
        await using var host = await ServiceHost.StartAsync(_registry, time: _clock, configure: options =>
        {
            options.Port = port;
            options.ProbePort = probePort;
        });
        var record = await RegisteredAsync();

        Assert.Equal(($"127.0.0.1:{port}", $"127.0.0.1:{probePort}"), (record.Address, record.ProbeAddress));
    }

    [Fact]
    public async Task Start_UrlsConfigured_ListensThereAndPublishesThem()
    {
        var port = FreePort.Next();
        await using var host = await ServiceHost.StartAsync(
            _registry, time: _clock, settings: new Dictionary<string, string?> { ["urls"] = $"http://127.0.0.1:{port}" });

        Assert.Equal($"127.0.0.1:{port}", (await RegisteredAsync()).Address);
        Assert.Equal("ok", await host.Http.GetStringAsync(host.Address));
    }

    [Fact]
    public async Task Start_KestrelEndpointsConfigured_PublishesThose()
    {
        var port = FreePort.Next();
        await using var host = await ServiceHost.StartAsync(
            _registry, time: _clock, settings: new Dictionary<string, string?> { ["Kestrel:Endpoints:Main:Url"] = $"http://127.0.0.1:{port}" });

        Assert.Equal($"127.0.0.1:{port}", (await RegisteredAsync()).Address);
        Assert.Equal("ok", await host.Http.GetStringAsync(host.Address));
    }

    [Theory]
    [InlineData("10.1.2.3", null, "10.1.2.3:{port}", "10.1.2.3:{probe}")]
    [InlineData("10.1.2.3:8080", null, "10.1.2.3:8080", "10.1.2.3:{probe}")]
    [InlineData("10.1.2.3:8080", "10.1.2.3:8081", "10.1.2.3:8080", "10.1.2.3:8081")]
    [InlineData("localhost:8080", null, "127.0.0.1:8080", "127.0.0.1:{probe}")]
    public async Task Start_AdvertiseAddress_IsPublishedInstead(string advertise, string? advertiseProbe, string address, string probeAddress)
    {
        var (port, probePort) = (FreePort.Next(), FreePort.Next());
        await using var host = await ServiceHost.StartAsync(_registry, time: _clock, configure: options =>
        {
            options.Port = port;
            options.ProbePort = probePort;
            options.AdvertiseAddress = advertise;
            options.AdvertiseProbeAddress = advertiseProbe;
        });
        var record = await RegisteredAsync();

        Assert.Equal(address.Replace("{port}", $"{port}", StringComparison.Ordinal), record.Address);
        Assert.Equal(probeAddress.Replace("{probe}", $"{probePort}", StringComparison.Ordinal), record.ProbeAddress);
    }

    [Fact]
    public async Task Start_ListeningOnAll_PublishesTheAddressTowardsTheRegistry()
    {
        await using var host = await ServiceHost.StartAsync(_registry, time: _clock, configure: options =>
        {
            options.Address = "0.0.0.0";
            options.Port = 0;
            options.RegistryEndpoints = ["http://127.0.0.1:2379"];
        });

        Assert.StartsWith("127.0.0.1:", (await RegisteredAsync()).Address, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Probes.None)]
    [InlineData(Probes.Http)]
    public async Task Start_ProbeWithoutGrpc_HasNoProbePort(string probe)
    {
        await using var host = await ServiceHost.StartAsync(_registry, time: _clock, configure: options => options.Probe = probe);
        var record = await RegisteredAsync();

        Assert.Equal((probe, (string?)null), (record.Probe, record.ProbeAddress));
        Assert.Equal("ok", await host.Http.GetStringAsync(host.Address));
    }

    [Fact]
    public async Task Start_RegistrationOff_ServesUnregistered()
    {
        await using var host = await ServiceHost.StartAsync();

        Assert.Equal(RegistrationState.Off, host.Instance.State);
        Assert.Equal("ok", await host.Http.GetStringAsync(host.Address));
    }

    [Fact]
    public async Task Start_AdvertisedNameUnknown_FailsWithAClearMessage()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(
            () => ServiceHost.StartAsync(_registry, options => options.AdvertiseAddress = "no-such-host.invalid"));

        Assert.Contains("Fairway:AdvertiseAddress names 'no-such-host.invalid'", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_NoRegistryConfigured_FailsWithAClearMessage()
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(
            () => ServiceHost.StartAsync(configure: options => options.RegistrationEnabled = true));

        Assert.Contains("Fairway:RegistryEndpoints", failure.Message, StringComparison.Ordinal);
        Assert.Contains("FAIRWAY_ETCD", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_BadOption_FailsWithItsCode()
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(
            () => ServiceHost.StartAsync(_registry, options => options.Service = "a b"));

        Assert.StartsWith("BAD_NAME", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lease_OverManyLives_IsKept()
    {
        var registry = new Outage(_registry);
        await using var host = await ServiceHost.StartAsync(registry, time: _clock);
        await RegisteredAsync();
        var created = (await _registry.GetAsync(Key))!.Value.CreateRevision;
        for (var round = 1; round <= 12; round++)
        {
            // In steps, since the keeper's next wait begins only after its renewal.
            await AdvanceUntilAsync(() => Task.FromResult(registry.KeptAlive >= round));
        }

        Assert.True(_clock.GetUtcNow() >= host.Instance.Record!.StartedAt!.Value.AddSeconds(30));
        var entry = await _registry.GetAsync(Key);
        Assert.NotNull(entry);
        Assert.NotEqual(0, entry.Value.Lease);
        Assert.Equal(created, entry.Value.CreateRevision);
    }

    [Fact]
    public async Task Lease_Lost_RegistersAgain()
    {
        await using var host = await ServiceHost.StartAsync(_registry, time: _clock);
        await RegisteredAsync();
        await _registry.RevokeAsync((await _registry.GetAsync(Key))!.Value.Lease);
        Assert.Null(await _registry.GetAsync(Key));

        await AdvanceUntilAsync(async () => await _registry.GetAsync(Key) != null);
    }

    [Fact]
    public async Task Registry_AwayAtStart_ServesAndRegistersWhenItComes()
    {
        var outage = new Outage(_registry) { Away = true };
        await using var host = await ServiceHost.StartAsync(outage, time: _clock);
        await AdvanceUntilAsync(() => Task.FromResult(outage.Refused >= 3));

        Assert.Equal(RegistrationState.Waiting, host.Instance.State);
        Assert.Equal("ok", await host.Http.GetStringAsync(host.Address));
        outage.Away = false;
        await AdvanceUntilAsync(() => Task.FromResult(host.Instance.State == RegistrationState.Registered));
        Assert.NotNull(await _registry.InstanceAsync());
        Assert.Null(host.Instance.Error);
    }

    [Fact]
    public async Task Registry_AwayForLongerThanTheLease_IsRegisteredAgainWhenItComes()
    {
        var outage = new Outage(_registry);
        await using var host = await ServiceHost.StartAsync(outage, time: _clock);
        await RegisteredAsync();
        outage.Away = true;
        await AdvanceUntilAsync(async () => await _registry.GetAsync(Key) == null);
        await AdvanceUntilAsync(() => Task.FromResult(host.Instance.State == RegistrationState.Waiting));
        Assert.Equal("ok", await host.Http.GetStringAsync(host.Address));
        outage.Away = false;

        await AdvanceUntilAsync(async () => await _registry.GetAsync(Key) != null);
        await Eventually.True(() => host.Instance.State == RegistrationState.Registered);
    }

    public void Dispose() => _registry.Dispose();

    private static string Key => RegistryKeys.Instance("orders", "orders-1");

    private async Task<InstanceRecord> RegisteredAsync()
    {
        InstanceRecord? record = null;
        await Eventually.TrueAsync(async () => (record = await _registry.InstanceAsync()) != null);
        return record!;
    }

    private Task AdvanceUntilAsync(Func<Task<bool>> condition) => Eventually.TrueAsync(async () =>
    {
        _clock.Advance(TimeSpan.FromSeconds(0.5));
        return await condition();
    });
}
