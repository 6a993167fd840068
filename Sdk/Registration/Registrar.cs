using Fairway.Core.Directory;
using Fairway.Registry;
using Fairway.Registry.Schema;
using Fairway.Sdk.Options;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Registration;

/// <summary>Puts an instance into the registry, keeps it there, and takes it away.</summary>
internal sealed class Registrar(
    IRegistry registry,
    LaneBook lanes,
    FairwayInstance instance,
    SdkMetrics metrics,
    TimeProvider time,
    IOptions<FairwayOptions> options,
    ILogger<Registrar> logger) : IAsyncDisposable
{
    private static readonly TimeSpan LongestGoodbye = TimeSpan.FromSeconds(3);

    private readonly LeaseKeeper _keeper = new(registry, TimeSpan.FromSeconds(options.Value.LeaseSeconds), time, logger);
    private readonly Backoff _backoff = new();

    /// <summary>
    /// Tries until the instance is registered. The lease and the key are then kept by themselves; in a lane,
    /// what the lane needs is looked after until cancelled. Never throws.
    /// </summary>
    public async Task KeepRegisteredAsync(InstanceRecord record, CancellationToken cancellationToken)
    {
        try
        {
            while (await TryAsync(record, cancellationToken) is { } wait)
            {
                await Task.Delay(wait, time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>Publishes the record that says so. A registry that is away does not hold up the shutdown.</summary>
    public Task DrainAsync(InstanceRecord draining, CancellationToken cancellationToken)
    {
        instance.Set(RegistrationState.Draining, draining);
        return GoodbyeAsync(draining, token => PutAsync(draining, token), cancellationToken);
    }

    /// <summary>Takes the key away with its lease, and the lane's declaration where nobody is left.</summary>
    public async Task LeaveAsync(InstanceRecord record, CancellationToken cancellationToken)
    {
        var wasThere = instance.State is RegistrationState.Registered or RegistrationState.Draining;
        var clean = await GoodbyeAsync(
            record,
            async token =>
            {
                await _keeper.DisposeAsync().AsTask().WaitAsync(token);
                if (wasThere && record.Lane.Length > 0)
                {
                    await lanes.LeaveAsync(record.Lane, record.Service, token);
                }
            },
            cancellationToken);
        instance.Set(RegistrationState.Left, record);
        if (clean && wasThere)
        {
            logger.Left(record.Service, record.Id);
        }
    }

    public ValueTask DisposeAsync() => _keeper.DisposeAsync();

    /// <summary>One attempt. Returns when to come back; null for never.</summary>
    private async Task<TimeSpan?> TryAsync(InstanceRecord record, CancellationToken cancellationToken)
    {
        try
        {
            if (record.Lane.Length > 0)
            {
                await lanes.EnterAsync(record.Lane, cancellationToken);
            }

            if (instance.State != RegistrationState.Registered)
            {
                await PutAsync(record, cancellationToken);
            }

            if (record.Lane.Length > 0)
            {
                await lanes.DeclareAsync(record.Lane, record.Service, cancellationToken);
            }
        }
        catch (RegistrationRefusedException refused)
        {
            Refused(record, refused.Code, refused.Message);
            return LaneInterval;
        }
        catch (RegistryException failure)
        {
            if (instance.State == RegistrationState.Registered)
            {
                return _backoff.Next(); // the key is kept by its lease; only the lane's part is late
            }

            metrics.Attempted("away");
            if (instance.Error != failure.Message)
            {
                logger.RegistryAway(record.Service, record.Id, failure.Message);
            }

            instance.Set(RegistrationState.Waiting, record, error: failure.Message);
            return _backoff.Next();
        }

        _backoff.Reset();
        if (instance.State != RegistrationState.Registered)
        {
            metrics.Attempted("registered");
            instance.Set(RegistrationState.Registered, record);
            logger.Registered(record.Service, record.Id, record.Address, record.ProbeAddress, record.Lane);
        }

        return record.Lane.Length > 0 ? LaneInterval : null;
    }

    private TimeSpan LaneInterval => TimeSpan.FromSeconds(options.Value.LeaseSeconds);

    private void Refused(InstanceRecord record, string code, string message)
    {
        if (instance.State == RegistrationState.Registered)
        {
            return; // only coming is refused: a lane removed under a running instance does not cut it off
        }

        metrics.Attempted("refused");
        if (instance.ErrorCode != code)
        {
            logger.Refused(code, record.Service, record.Id, message);
        }

        instance.Set(RegistrationState.Refused, record, code, message);
    }

    private Task PutAsync(InstanceRecord record, CancellationToken cancellationToken) =>
        _keeper.PutAsync(RegistryKeys.Instance(record.Service, record.Id), InstanceCodec.Encode(record), cancellationToken);

    private async Task<bool> GoodbyeAsync(
        InstanceRecord record, Func<CancellationToken, Task> goodbye, CancellationToken cancellationToken)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var timer = time.CreateTimer(static state => ((CancellationTokenSource)state!).Cancel(), limited, LongestGoodbye, Timeout.InfiniteTimeSpan);
        try
        {
            await goodbye(limited.Token);
            return true;
        }
        catch (Exception exception) when (exception is RegistryException or OperationCanceledException)
        {
            logger.LeftUncleanly(record.Service, record.Id, exception.Message);
            return false;
        }
    }
}
