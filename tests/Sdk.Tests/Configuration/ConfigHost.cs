using Fairway.Registry;
using Fairway.Sdk.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fairway.Sdk.Tests.Configuration;

/// <summary>A host with the configuration centre alone.</summary>
internal sealed class ConfigHost : IAsyncDisposable
{
    private readonly IHost _host;

    private ConfigHost(IHost host, IConfigurationRoot configuration)
    {
        _host = host;
        Configuration = configuration;
    }

    public ConfigCentre Centre => _host.Services.GetRequiredService<ConfigCentre>();

    /// <summary>The host's configuration, as its other parts see it.</summary>
    public IConfigurationRoot Configuration { get; }

    public static async Task<ConfigHost> StartAsync(Action<ConfigOptions> configure, IRegistry? registry = null)
    {
        var builder = new HostApplicationBuilder();
        builder.Logging.ClearProviders();
        if (registry != null)
        {
            builder.Services.AddSingleton(registry);
        }

        builder.AddFairwayConfig(options =>
        {
            options.MaxBackoffSeconds = 0.2;
            configure(options);
        });
        var host = new ConfigHost(builder.Build(), (IConfigurationRoot)builder.Configuration);
        try
        {
            await host._host.StartAsync();
            return host;
        }
        catch
        {
            host._host.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
