using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fairway.Micro;

/// <summary>A silo in this process, on the engine this was built for.</summary>
internal static partial class BenchSilo
{
    public static async Task<IHost> StartAsync()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.UseOrleans(Prepare);
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }
}
