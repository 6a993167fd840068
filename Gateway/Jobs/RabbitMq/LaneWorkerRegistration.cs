using Fairway.Core.Directory;
using Fairway.Gateway.Directory;
using Fairway.Sdk.Registration;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Jobs.RabbitMq;

/// <summary>
/// Registers this process's workers in their lane, as every service of a lane is: that declares <c>Jobs:RabbitMq:Service</c> there and
/// tells base that the lane's jobs have a worker. Base's workers need no registration.
/// </summary>
internal sealed class LaneWorkerRegistration(
    Registrar registrar, GatewayAddress address, IOptions<RabbitJobOptions> jobs, IOptions<GatewayOptions> gateway, TimeProvider time)
    : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private Task _keeping = Task.CompletedTask;
    private InstanceRecord? _record;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (jobs.Value is { Lanes: true, Lane.Length: > 0 } settings)
        {
            _record = new InstanceRecord
            {
                Service = settings.Service,
                Id = gateway.Value.Id,
                Address = address.Current!,
                Probe = Probes.None,
                Lane = settings.Lane,
                Version = typeof(LaneWorkerRegistration).Assembly.GetName().Version?.ToString(3) ?? "",
                StartedAt = time.GetUtcNow(),
            };
            _keeping = registrar.KeepRegisteredAsync(_record, _stop.Token);
        }

        return Task.CompletedTask;
    }

    /// <summary>Before the worker stops: what is posted from now on finds the lane without it.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _keeping;
        if (_record is { } record)
        {
            await registrar.LeaveAsync(record, cancellationToken);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _stop.Dispose();
}
