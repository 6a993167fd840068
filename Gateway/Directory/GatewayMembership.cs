using Fairway.Core.Directory;
using Fairway.Registry;
using Fairway.Registry.Schema;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Directory;

/// <summary>Keeps this process under <c>gateways/{id}</c>, from when it serves until it stops.</summary>
internal sealed class GatewayMembership(
    IRegistry registry, RegistryMetrics metrics, GatewayAddress address, IOptions<GatewayOptions> options, TimeProvider clock,
    ILogger<GatewayMembership> logger) : IHostedLifecycleService, IAsyncDisposable
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);
    private readonly CancellationTokenSource _stopping = new();
    private LeaseKeeper? _keeper;
    private Task _entering = Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _keeper = new LeaseKeeper(registry, Lease, clock, logger, metrics);
        _entering = EnterAsync(_keeper);
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken) => await DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _keeper, null) is { } keeper)
        {
            await _stopping.CancelAsync();
            await _entering;
            await keeper.DisposeAsync();
            _stopping.Dispose();
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>A registry that is away must not stop the Gateway from serving; the keeper enters it later.</summary>
    private async Task EnterAsync(LeaseKeeper keeper)
    {
        var own = options.Value;
        var version = typeof(GatewayMembership).Assembly.GetName().Version?.ToString(3) ?? "";
        try
        {
            await keeper.PutAsync(RegistryKeys.Gateway(own.Id), OperatorCodec.Encode(new Member(own.Id, address.Current!, version)), _stopping.Token);
        }
        catch (Exception error) when (error is RegistryException or OperationCanceledException)
        {
            Log.NotEntered(logger, own.Id, error);
        }
    }
}
