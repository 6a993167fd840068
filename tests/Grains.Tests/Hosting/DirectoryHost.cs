using System.Diagnostics;
using System.Runtime.CompilerServices;
using Fairway.GrainInterfaces.Directory;
using Fairway.GrainInterfaces.Wire;
using Fairway.Registry;
using Fairway.Registry.Memory;
using Fairway.Silo;
using Fairway.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Fairway.Grains.Tests.Hosting;

/// <summary>One silo in this process, on the engine this is built for, its grains on an injected clock.</summary>
internal sealed partial class DirectoryHost : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>What the clock moves while waiting; at most the grains' own ticks, so that none is skipped.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    private readonly IHost _host;
    private readonly List<(Recorder Recorder, IDirectoryObserver Reference)> _subscribed = [];

    private DirectoryHost(IHost host, ManualClock clock, GatedRegistry gate)
    {
        _host = host;
        Clock = clock;
        Gate = gate;
    }

    public ManualClock Clock { get; }

    public GatedRegistry Gate { get; }

    /// <summary>The registry itself, which tests write to whether the watcher reaches it or not.</summary>
    public IRegistry Registry => Gate.Inner;

    public IServiceProvider Services => _host.Services;

    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    public IRegistryGrain Directory => Grains.GetGrain<IRegistryGrain>(GrainKeys.Registry);

    public static Task<DirectoryHost> StartAsync(Action<HostApplicationBuilder>? configure = null) => StartAsync(null, null, null, configure);

    /// <summary>Null takes a new embedded registry, and a new clock.</summary>
    public static async Task<DirectoryHost> StartAsync(
        IRegistry? registry, ManualClock? clock, Action<EngineOptions>? engine = null, Action<HostApplicationBuilder>? configure = null)
    {
        clock ??= new ManualClock();
        var gate = new GatedRegistry(registry ?? NewRegistry(clock));
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Critical));
        builder.Services.AddSingleton<IRegistry>(gate);
        foreach (var area in (string[])[GrainClock.Key, "Orleans.ActivationManagement"])
        {
            builder.Services.AddKeyedSingleton<TimeProvider>(area, clock);
        }

        builder.Services.Configure<GrainCollectionOptions>(options =>
        {
            options.CollectionQuantum = TimeSpan.FromSeconds(1);
            options.CollectionAge = TimeSpan.FromMinutes(2);
        });
        builder.AddFairwayEngine(engine);
        configure?.Invoke(builder);
        var host = builder.Build();
        await host.StartAsync();
        return new DirectoryHost(host, clock, gate);
    }

    public static MemoryRegistry NewRegistry(TimeProvider clock) => new(null, clock);

    /// <summary>Subscribes as one Gateway does. The recorder lives as long as this host.</summary>
    public async Task<Recorder> SubscribeAsync(string gateway = "gw-1")
    {
        var recorder = new Recorder();
        var reference = Grains.CreateObjectReference<IDirectoryObserver>(recorder);
        _subscribed.Add((recorder, reference));
        await Directory.Renew(gateway, reference);
        return recorder;
    }

    public Task<DirectoryVersions> RenewAsync(Recorder recorder, string gateway = "gw-1") =>
        Directory.Renew(gateway, _subscribed.Single(entry => entry.Recorder == recorder).Reference);

    /// <summary>Waits until the directory shows a write.</summary>
    public async Task<CaughtUp> CatchUpAsync(long revision)
    {
        using var limit = new CancellationTokenSource(Patience);
        return await Directory.CatchUp(revision, limit.Token);
    }

    /// <summary>Waits, the clock standing still.</summary>
    public static Task Until(Func<bool> holds, [CallerArgumentExpression(nameof(holds))] string what = "") =>
        Eventually.True(holds, Patience, what);

    /// <summary>Waits while time passes.</summary>
    public Task UntilAsTimePasses(Func<bool> holds, [CallerArgumentExpression(nameof(holds))] string what = "") =>
        UntilAsTimePasses(() => Task.FromResult(holds()), what);

    /// <summary>Waits while time passes.</summary>
    public Task UntilAsTimePasses(Func<Task<bool>> holds, [CallerArgumentExpression(nameof(holds))] string what = "") =>
        Eventually.TrueAsync(
            async () =>
            {
                if (await holds())
                {
                    return true;
                }

                Clock.Advance(Step);
                return false;
            },
            Patience,
            what);

    /// <summary>Lets time pass in steps, each of which the grains see.</summary>
    public async Task PassAsync(TimeSpan span)
    {
        for (var passed = TimeSpan.Zero; passed < span; passed += Step)
        {
            Clock.Advance(Step);
            await Directory.Wake(); // a turn of its own behind the ticks
        }
    }

    public async ValueTask DisposeAsync()
    {
        var started = Stopwatch.GetTimestamp();
        await _host.StopAsync();
        _host.Dispose();
        Assert.True(Stopwatch.GetElapsedTime(started) < Patience, "the silo stopped late");
        GC.KeepAlive(_subscribed);
    }
}
