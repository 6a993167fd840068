using Fairway.GrpcWire;
using Fairway.GrpcWire.Health;
using Fairway.GrpcWire.Orca;
using Fairway.Registry;
using Fairway.Registry.Memory;
using Fairway.Registry.Schema;
using Fairway.Sdk.Registration;
using Fairway.Testing;

namespace Fairway.Sdk.Tests.Registration;

public sealed class DrainTests : IDisposable
{
    private readonly MemoryRegistry _registry = new();

    [Fact]
    public async Task Stop_InOrder_DrainsLeavesThenCloses()
    {
        var clock = new ManualClock();
        await using var host = await StartAsync(_registry, clock);
        using var probe = host.Probe();
        var held = host.Http.GetAsync(new Uri(host.Address, "/hold"));
        await Eventually.TrueAsync(async () => (await host.Http.GetStringAsync(host.Address)) == "ok" && Held(host));

        var timers = clock.PendingTimers;
        var stopping = host.App.StopAsync();

        // 1. draining is published; requests and checks are answered as before
        await Eventually.TrueAsync(async () => (await _registry.InstanceAsync())!.Draining);
        Assert.Equal(RegistrationState.Draining, host.Instance.State);
        Assert.Equal("ok", await host.Http.GetStringAsync(host.Address));
        var health = await probe.UnaryAsync(WellKnown.HealthCheck, new HealthCheckRequest());
        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, health.Status);

        // 2. routers had their time, a request still runs: registered yet
        await Eventually.True(() => clock.PendingTimers > timers);
        clock.Advance(TimeSpan.FromSeconds(2));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.NotNull(await _registry.InstanceAsync());
        Assert.Equal("ok", await host.Http.GetStringAsync(host.Address));

        // 3. it ends: the key goes, then the port closes
        host.Release.SetResult();
        Assert.Equal("held", await (await held).Content.ReadAsStringAsync());
        await Eventually.TrueAsync(async () =>
        {
            clock.Advance(TimeSpan.FromMilliseconds(20));
            return await _registry.InstanceAsync() == null;
        });
        await stopping.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(RegistrationState.Left, host.Instance.State);
        using var fresh = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => fresh.GetAsync(host.Address));
    }

    [Fact]
    public async Task Stop_KeyGoneWhilePortStillOpen_ServesTheLastRequest()
    {
        var answers = new List<string>();
        await using var host = await ServiceHost.StartAsync(new Outage(_registry), options => options.DrainSeconds = 0);
        await RegisteredAsync();
        var gone = _registry.WatchAsync(RegistryKeys.Instances, 0).GetAsyncEnumerator();
        Assert.True(await gone.MoveNextAsync());
        host.App.Lifetime.ApplicationStopping.Register(() =>
            answers.Add($"{host.Instance.State} {host.Http.GetStringAsync(host.Address).GetAwaiter().GetResult()}"));

        await host.App.StopAsync(); // ApplicationStopping comes after all StoppingAsync here, and before the server stops

        Assert.Equal(["Left ok"], answers);
        await gone.DisposeAsync();
    }

    [Fact]
    public async Task Stop_RequestThatNeverEnds_IsWaitedForOnlySoLong()
    {
        var clock = new ManualClock();
        await using var host = await StartAsync(_registry, clock);
        var held = host.Http.GetAsync(new Uri(host.Address, "/hold"));
        await Eventually.True(() => Held(host));
        var stopping = host.App.StopAsync();
        await Eventually.TrueAsync(async () => (await _registry.InstanceAsync())!.Draining);
        await Eventually.TrueAsync(async () =>
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            return await _registry.InstanceAsync() == null;
        });
        host.Release.SetResult();
        await stopping.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.True((await held).IsSuccessStatusCode);
    }

    [Fact]
    public async Task Stop_OpenStreams_DoNotHoldItUp()
    {
        await using var host = await ServiceHost.StartAsync(_registry);
        await RegisteredAsync();
        using var probe = host.Probe();
        await using var reports = probe.ServerStreaming(WellKnown.OrcaStreamCoreMetrics, new OrcaLoadReportRequest()).GetAsyncEnumerator();
        await using var watch = probe.ServerStreaming(WellKnown.HealthWatch, new HealthCheckRequest()).GetAsyncEnumerator();
        Assert.True(await reports.MoveNextAsync());
        Assert.True(await watch.MoveNextAsync());

        var stopping = host.App.StopAsync();

        while (await reports.MoveNextAsync())
        {
        }

        await stopping.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Stop_RegistryAway_StopsAnyway()
    {
        var clock = new ManualClock();
        var outage = new Outage(_registry);
        await using var host = await StartAsync(outage, clock);
        outage.Away = true;
        var stopping = host.App.StopAsync();
        await Eventually.True(() =>
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            return stopping.IsCompleted;
        });
        await stopping;
    }

    [Fact]
    public async Task Stop_NeverRegistered_DoesNotDrain()
    {
        var clock = new ManualClock();
        await using var host = await ServiceHost.StartAsync(new Outage(_registry) { Away = true }, options => options.DrainSeconds = 100, clock);

        await host.App.StopAsync().WaitAsync(TimeSpan.FromSeconds(10)); // the clock stands still: nothing was waited for
    }

    public void Dispose() => _registry.Dispose();

    private static bool Held(ServiceHost host) => host.InFlight == 1;

    private async Task<ServiceHost> StartAsync(IRegistry registry, ManualClock clock)
    {
        var host = await ServiceHost.StartAsync(
            registry,
            options =>
            {
                options.DrainSeconds = 2;
                options.DrainRequestsSeconds = 15;
            },
            clock);
        await RegisteredAsync();
        await Eventually.True(() => host.Instance.State == RegistrationState.Registered);
        return host;
    }

    private Task RegisteredAsync() => Eventually.TrueAsync(async () => await _registry.InstanceAsync() != null);
}
