using Fairway.Registry.Memory;

namespace Fairway.Gateway.Directory;

/// <summary>Serves the embedded registry on a loopback port of its own, so that other processes use it as they would use etcd.</summary>
public sealed class EmbeddedRegistry(MemoryRegistry registry, ILoggerFactory loggers) : IHostedLifecycleService, IAsyncDisposable
{
    private MemoryRegistryServer? _server;

    /// <summary>What clients are given as etcd's endpoint; null before it serves.</summary>
    public Uri? Endpoint => _server?.Endpoint;

    /// <summary>Before all other services start, as they may ask for <see cref="Endpoint"/>.</summary>
    public async Task StartingAsync(CancellationToken cancellationToken) =>
        _server = await MemoryRegistryServer.StartAsync(registry, logging: loggers, cancellationToken: cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>After all others have stopped: they may still take leave.</summary>
    public async Task StoppedAsync(CancellationToken cancellationToken) => await DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _server, null) is { } server)
        {
            await server.DisposeAsync();
        }
    }
}
