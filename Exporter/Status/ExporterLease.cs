using Fairway.Core.Directory;
using Fairway.Registry;
using Fairway.Registry.Schema;
using Microsoft.Extensions.Options;

namespace Fairway.Exporter.Status;

/// <summary>
/// The lease that this exporter and its statuses hang on, with the key <c>exporters/{id}</c>. A lease that was lost is followed by a new
/// one, and everything is stated again on it.
/// </summary>
internal sealed class ExporterLease(
    IRegistry registry, StatusPublisher publisher, ListenAddress address, IOptions<ExporterOptions> options, TimeProvider time, ILogger<ExporterLease> logger)
    : BackgroundService
{
    private static readonly TimeSpan Backoff = TimeSpan.FromMilliseconds(500);

    private readonly TimeSpan _timeToLive = TimeSpan.FromSeconds(options.Value.LeaseSeconds);
    private long _lease;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (_lease == 0)
        {
            return;
        }

        try
        {
            await registry.RevokeAsync(_lease, cancellationToken).WaitAsync(TimeSpan.FromSeconds(1), time, cancellationToken);
        }
        catch (Exception e) when (e is RegistryException or TimeoutException or OperationCanceledException)
        {
            Log.LeaseNotRevoked(logger, e.Message); // it runs out by itself
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var wait = _timeToLive / 3;
            try
            {
                if (_lease == 0)
                {
                    await BeginAsync(stoppingToken);
                }
                else if (await registry.KeepAliveAsync(_lease, stoppingToken) is null)
                {
                    Lose();
                    continue;
                }
            }
            catch (RegistryException e) when (e.Error == RegistryError.LeaseGone)
            {
                Lose();
                continue;
            }
            catch (RegistryException e)
            {
                Log.LeaseNotKept(logger, e.Error, e.Message);
                wait = Backoff;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            await publisher.LeaseSuspected.WaitAsync(wait, stoppingToken);
        }
    }

    private async Task BeginAsync(CancellationToken ct)
    {
        var lease = await registry.GrantAsync(_timeToLive, ct);
        var member = new Member(options.Value.Id, (await address.Bound.WaitAsync(ct)).Authority, typeof(ExporterLease).Assembly.GetName().Version!.ToString(3));
        await registry.PutAsync(RegistryKeys.Exporter(member.Id), OperatorCodec.Encode(member), lease, ct);
        _lease = lease;
        publisher.UseLease(lease);
        Log.LeaseBegun(logger, member.Id, lease);
    }

    private void Lose()
    {
        Log.LeaseLost(logger, _lease);
        _lease = 0;
    }
}
