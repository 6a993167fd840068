using System.Net;
using Fairway.GrpcWire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fairway.Registry.Memory;

/// <summary>
/// Serves a <see cref="MemoryRegistry"/> to other processes on a port of its own, as gRPC over cleartext HTTP/2 needs one.
/// Clients may hold a watch open for ever, so stopping does not wait for them.
/// </summary>
public sealed class MemoryRegistryServer : IAsyncDisposable
{
    // A whole listing may be asked for at once, as etcdctl does; etcd sets no bound to it.
    private const int MaxMessageBytes = 256 * 1024 * 1024;
    // Each watch and each lease kept alive holds a stream.
    private const int MaxStreams = 10_000;
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(200);
    private readonly WebApplication _app;

    private MemoryRegistryServer(WebApplication app, Uri endpoint)
    {
        _app = app;
        Endpoint = endpoint;
    }

    /// <summary>What clients are given as etcd's endpoint.</summary>
    public Uri Endpoint { get; }

    /// <summary>Starts serving.</summary>
    /// <param name="registry">It stays the caller's to dispose.</param>
    /// <param name="endpoint">Null: a free port on the loopback address.</param>
    /// <param name="logging">Where the server logs; null for nowhere.</param>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<MemoryRegistryServer> StartAsync(
        MemoryRegistry registry, IPEndPoint? endpoint = null, ILoggerFactory? logging = null, CancellationToken cancellationToken = default)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [] });
        // The host's own configuration (URLS, Kestrel:*) is of the process around, not of this server.
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection();
        builder.Logging.ClearProviders();
        if (logging is not null)
        {
            builder.Services.AddSingleton(logging);
        }

        builder.Services.AddSingleton<IHostLifetime, OwnerLifetime>();
        builder.Services.Configure<GrpcServerOptions>(options => options.MaxMessageBytes = MaxMessageBytes);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.UseGrpcEndpoint(endpoint ?? new IPEndPoint(IPAddress.Loopback, 0));
            kestrel.Limits.Http2.MaxStreamsPerConnection = MaxStreams;
            // A client that went without a goodbye would keep its watches here for ever.
            kestrel.Limits.Http2.KeepAlivePingDelay = PingInterval;
            kestrel.Limits.Http2.KeepAlivePingTimeout = PingInterval;
        });
        var app = builder.Build();
        app.MapEtcd(registry);
        app.MapGrpcUnimplementedFallback();
        await app.StartAsync(cancellationToken);
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new MemoryRegistryServer(app, new Uri(address));
    }

    public async ValueTask DisposeAsync()
    {
        using var grace = new CancellationTokenSource(Grace, TimeProvider.System);
        await _app.StopAsync(grace.Token);
        await _app.DisposeAsync();
    }

    /// <summary>It lives as long as its owner wants: signals to the process are not its business.</summary>
    private sealed class OwnerLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
