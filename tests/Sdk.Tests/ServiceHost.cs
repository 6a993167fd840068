using Fairway.GrpcWire;
using Fairway.Registry;
using Fairway.Sdk.Load;
using Fairway.Sdk.Options;
using Fairway.Sdk.Registration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Fairway.Sdk.Tests;

/// <summary>A real service on real loopback ports: <c>/</c> answers, <c>/fail</c> is 500, <c>/throw</c> throws, <c>/hold</c> waits for <see cref="Release"/>.</summary>
internal sealed class ServiceHost : IAsyncDisposable
{
    private ServiceHost(WebApplication app) => App = app;

    public WebApplication App { get; }

    public HttpClient Http { get; } = new();

    /// <summary>Lets the requests to <c>/hold</c> end.</summary>
    public TaskCompletionSource Release { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FairwayInstance Instance => App.Services.GetRequiredService<FairwayInstance>();

    /// <summary>Requests that the service serves now.</summary>
    public long InFlight => App.Services.GetRequiredService<RequestMeter>().InFlight;

    public Uri Address => new($"http://{Instance.Record!.Address}");

    /// <param name="registry">Null for a service that does not register.</param>
    public static async Task<ServiceHost> StartAsync(
        IRegistry? registry = null,
        Action<FairwayOptions>? configure = null,
        TimeProvider? time = null,
        IReadOnlyDictionary<string, string?>? settings = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(settings ?? new Dictionary<string, string?>());
        builder.Services.Replace(ServiceDescriptor.Singleton(time ?? TimeProvider.System));
        if (registry != null)
        {
            builder.Services.AddSingleton(registry);
        }

        builder.AddFairway(options =>
        {
            options.Service = "orders";
            options.Id = "orders-1";
            options.RegistrationEnabled = registry != null;
            options.DrainSeconds = 0;
            configure?.Invoke(options);
        });
        var app = builder.Build();
        var host = new ServiceHost(app);
        app.MapGet("/", () => "ok");
        app.MapGet("/fail", () => Results.StatusCode(503));
        app.MapGet("/throw", string () => throw new InvalidOperationException("as asked"));
        app.MapGet("/hold", async () =>
        {
            await host.Release.Task;
            return "held";
        });
        try
        {
            await app.StartAsync();
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>A channel to the probe's port.</summary>
    public GrpcChannel Probe() => new(new Uri($"http://{Instance.Record!.ProbeAddress}"));

    public async ValueTask DisposeAsync()
    {
        Release.TrySetResult();
        await App.DisposeAsync();
        Http.Dispose();
    }
}
