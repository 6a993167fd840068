using System.Text.Json.Nodes;
using Fairway.Core.Directory;
using Fairway.Gateway.Directory;
using Fairway.Gateway.Http;
using Fairway.Gateway.Registration;
using Fairway.Registry;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Jobs.RabbitMq;

/// <summary>
/// Registers this process's workers in their lane, as every service of a lane is: that declares <c>Jobs:RabbitMq:Service</c> there and
/// tells base that the lane's jobs have a worker. Base's workers need no registration.
/// </summary>
internal sealed class LaneWorkerRegistration(
    Registrar registrar, GatewayAddress address, IOptions<RabbitJobOptions> jobs, IOptions<GatewayOptions> gateway, TimeProvider time,
    ILogger<LaneWorkerRegistration> logger) : IHostedLifecycleService, IDisposable
{
    private const int TtlSeconds = 10;
    private static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LongestGoodbye = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource _stop = new();
    private Task _keeping = Task.CompletedTask;
    private bool _isIn;

    private string Service => jobs.Value.Service;

    private string Id => gateway.Value.Id;

    private string Lane => jobs.Value.Lane;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (jobs.Value.Lanes && Lane.Length > 0)
        {
            _keeping = KeepAsync();
        }

        return Task.CompletedTask;
    }

    /// <summary>Before the worker stops: what is posted from now on finds the lane without it.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _keeping;
        if (!_isIn)
        {
            return;
        }

        using var limit = new CancellationTokenSource(LongestGoodbye, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await registrar.DeregisterAsync(Service, Id, either.Token);
        }
        catch (Exception away) when (away is ApiException or RegistryException or TimeoutException or OperationCanceledException)
        {
            // its lease lapses
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _stop.Dispose();

    private async Task KeepAsync()
    {
        var complaint = "";
        try
        {
            while (true)
            {
                try
                {
                    await RenewAsync(_stop.Token);
                    complaint = "";
                }
                catch (Exception refused) when (refused is ApiException or RegistryException or TimeoutException)
                {
                    if (complaint != refused.Message) // once, not each time
                    {
                        complaint = refused.Message;
                        logger.NotInLane(Lane, (refused as ApiException)?.Code ?? "REGISTRY_AWAY", refused.Message);
                    }
                }

                await Task.Delay(RenewEvery, time, _stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // the process stops
        }
    }

    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_isIn)
            {
                await registrar.HeartbeatAsync(Service, Id, cancellationToken);
                return;
            }
        }
        catch (ApiException gone) when (gone.Code == Registrar.UnknownCode)
        {
            _isIn = false;
        }

        var record = new InstanceRecord
        {
            Service = Service,
            Id = Id,
            Address = address.Current!,
            Probe = Probes.None,
            Lane = Lane,
            Version = typeof(LaneWorkerRegistration).Assembly.GetName().Version?.ToString(3) ?? "",
            StartedAt = time.GetUtcNow(),
        };
        await registrar.RegisterAsync(record, TtlSeconds, new JsonObject(), cancellationToken);
        _isIn = true;
        logger.InLane(Service, Id, Lane);
    }
}
