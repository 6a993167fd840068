using Fairway.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Fairway.LocalSilo.Tests;

/// <summary>One silo in this process, on either engine. What grains and callers wait for runs on <see cref="Clock"/>.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private readonly IHost _host;

    private TestHost(IHost host, ManualClock clock)
    {
        _host = host;
        Clock = clock;
    }

    public ManualClock Clock { get; }

    public IServiceProvider Services => _host.Services;

    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    public Probe Probe => _host.Services.GetRequiredService<Probe>();

    public static async Task<TestHost> StartAsync(Action<ISiloBuilder>? configure = null)
    {
        var clock = new ManualClock();
        var host = Build(clock, configure);
        await host.StartAsync();
        return new TestHost(host, clock);
    }

    /// <summary>Lets time pass until this has ended, well or not. Where callers time out, start the host with <see cref="Engine.ShortenWaits"/>.</summary>
    public Task PassTimeUntilEnded(Task task) =>
        Probe.Until(() =>
        {
            Clock.Advance(TimeSpan.FromSeconds(2));
            return task.IsCompleted;
        });

    public static IHost Build(ManualClock clock, Action<ISiloBuilder>? configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Critical));
        builder.Services.AddSingleton<Probe>();
        foreach (var area in (string[])["Orleans.Grains", "Orleans.Messaging", "Orleans.ActivationManagement"])
        {
            builder.Services.AddKeyedSingleton<TimeProvider>(area, clock);
        }

        builder.UseOrleans(silo =>
        {
            Engine.Prepare(silo);
            silo.Configure<GrainCollectionOptions>(options =>
            {
                options.CollectionQuantum = TimeSpan.FromSeconds(1);
                options.CollectionAge = TimeSpan.FromSeconds(10);
            });
            silo.AddMemoryGrainStorageAsDefault();
            silo.AddMemoryGrainStorage("other");
            configure?.Invoke(silo);
        });
        return builder.Build();
    }

    public async ValueTask DisposeAsync()
    {
        var stopped = _host.StopAsync();
        await Probe.Until(() =>
        {
            Clock.Advance(TimeSpan.FromSeconds(1)); // what still waits for an answer waits by this clock
            return stopped.IsCompleted;
        });
        await stopped;
        _host.Dispose();
    }
}
