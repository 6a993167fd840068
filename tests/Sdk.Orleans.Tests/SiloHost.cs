using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fairway.Sdk.Orleans.Tests;

/// <summary>One silo in this process, on either engine.</summary>
internal sealed partial class SiloHost : IAsyncDisposable
{
    /// <summary>A storage provider that keeps one row a grain for all its lanes.</summary>
    public const string Shared = "shared";

    private readonly IHost _host;

    private SiloHost(IHost host) => _host = host;

    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    public static async Task<SiloHost> StartAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Critical));
        builder.UseOrleans(silo =>
        {
            Prepare(silo);
            silo.AddLanes().AddMemoryGrainStorage("rows").AddLaneGrainStorage(Shared, over: "rows");
        });
        var host = builder.Build();
        await host.StartAsync();
        return new SiloHost(host);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    static partial void Prepare(ISiloBuilder silo);
}
