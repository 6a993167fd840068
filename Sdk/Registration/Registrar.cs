using Fairway.Core.Directory;
using Fairway.Registry;
using Fairway.Registry.Schema;
using Fairway.Sdk.Options;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Registration;

/// <summary>Puts an instance into the registry, keeps it there, and takes it away.</summary>
internal sealed class Registrar : IAsyncDisposable
{
    private static readonly TimeSpan LongestGoodbye = TimeSpan.FromSeconds(3);

    private readonly LaneBook _lanes;
    private readonly FairwayInstance _instance;
    private readonly RegistrationMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<Registrar> _logger;
    private readonly LeaseKeeper _keeper;
    private readonly TimeSpan _lease;
    private readonly Backoff _backoff = new();
    private bool _isWanted;

    public Registrar(
        IRegistry registry,
        LaneBook lanes,
        FairwayInstance instance,
        RegistrationMetrics metrics,
        RegistryMetrics registryMetrics,
        TimeProvider time,
        IOptions<FairwayOptions> options,
        ILogger<Registrar> logger)
    {
        _lanes = lanes;
        _instance = instance;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        _lease = TimeSpan.FromSeconds(options.Value.LeaseSeconds);
        _keeper = new LeaseKeeper(registry, _lease, time, logger, registryMetrics);
        _keeper.Lost += () => instance.Move(RegistrationState.Registered, RegistrationState.Waiting, "The lease is lost.");
        _keeper.Regained += () => instance.Move(RegistrationState.Waiting, RegistrationState.Registered);
    }

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
                await Task.Delay(wait, _time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>Publishes the record that says so. A registry that is away does not hold up the shutdown.</summary>
    public Task DrainAsync(InstanceRecord draining, CancellationToken cancellationToken)
    {
        _instance.Set(RegistrationState.Draining, draining);
        return GoodbyeAsync(draining, token => PutAsync(draining, token), cancellationToken);
    }

    /// <summary>Takes the key away with its lease, and the lane's declaration where nobody is left.</summary>
    public async Task LeaveAsync(InstanceRecord record, CancellationToken cancellationToken)
    {
        var wasThere = _instance.State is RegistrationState.Registered or RegistrationState.Draining;
        var mayHaveDeclared = _isWanted && record.Lane.Length > 0;
        var clean = await GoodbyeAsync(
            record,
            async token =>
            {
                await _keeper.DisposeAsync().AsTask().WaitAsync(token);
                if (mayHaveDeclared)
                {
                    await _lanes.LeaveAsync(record.Lane, record.Service, token);
                }
            },
            cancellationToken);
        _instance.Set(RegistrationState.Left, record);
        if (clean && wasThere)
        {
            _logger.Left(record.Service, record.Id);
        }
    }

    public ValueTask DisposeAsync() => _keeper.DisposeAsync();

    /// <summary>One attempt. Returns when to come back; null for never.</summary>
    private async Task<TimeSpan?> TryAsync(InstanceRecord record, CancellationToken cancellationToken)
    {
        try
        {
            var releaseRevision = 0L;
            if (record.Lane.Length > 0)
            {
                (var isPromoted, releaseRevision) = await _lanes.PromotionAsync(record.Service, record.Lane, cancellationToken);
                if (isPromoted)
                {
                    record = record with { Lane = "" };
                    await BecomeBaseAsync(record, cancellationToken);
                }
                else if (await _lanes.EnterAsync(record.Lane, cancellationToken) is { } refusal)
                {
                    await RefuseAsync(record, refusal.Code, refusal.Message, cancellationToken);
                    return _lease;
                }
            }

            if (_instance.State != RegistrationState.Registered)
            {
                // Declared before it can be found: one that is found and dies at once must be missed, not stood in for by base.
                await DeclareAsync(record, releaseRevision, cancellationToken);
                await PutAsync(record, cancellationToken);
            }

            // And again: the last one of the lane may have left meanwhile, and taken the declaration back.
            await DeclareAsync(record, releaseRevision, cancellationToken);
        }
        catch (RegistryException failure)
        {
            if (_instance.State == RegistrationState.Registered)
            {
                return _backoff.Next(); // the key is kept by its lease; only the lane's part is late
            }

            _metrics.Attempted("away");
            if (_instance.State != RegistrationState.Waiting || _instance.Error != failure.Message)
            {
                _logger.RegistryAway(record.Service, record.Id, failure.Message);
            }

            _instance.Set(RegistrationState.Waiting, record, error: failure.Message);
            return _backoff.Next();
        }

        _backoff.Reset();
        if (_instance.State != RegistrationState.Registered)
        {
            _metrics.Attempted("registered");
            _instance.Set(RegistrationState.Registered, record);
            _logger.Registered(record.Service, record.Id, record.Address, record.ProbeAddress, record.Lane);
        }

        return record.Lane.Length > 0 ? _lease : null;
    }

    private async Task DeclareAsync(InstanceRecord record, long releaseRevision, CancellationToken cancellationToken)
    {
        if (record.Lane.Length > 0)
        {
            _isWanted = true;
            await _lanes.DeclareAsync(record.Lane, record.Service, releaseRevision, cancellationToken);
        }
    }

    /// <summary>A release has made this instance's lane base: what its lease keeps must say so too.</summary>
    private async Task BecomeBaseAsync(InstanceRecord record, CancellationToken cancellationToken)
    {
        if (_instance is { State: RegistrationState.Registered, Record.Lane.Length: > 0 })
        {
            await PutAsync(record, cancellationToken);
            _instance.Set(RegistrationState.Registered, record);
            _logger.Promoted(record.Service, record.Id);
        }
    }

    private async Task RefuseAsync(InstanceRecord record, string code, string message, CancellationToken cancellationToken)
    {
        if (_instance.State == RegistrationState.Registered)
        {
            return; // only coming is refused: a lane removed under a running instance does not cut it off
        }

        _metrics.Attempted("refused");
        if (_instance.ErrorCode != code)
        {
            _logger.Refused(code, record.Service, record.Id, message);
        }

        _instance.Set(RegistrationState.Refused, record, code, message);
        if (_isWanted)
        {
            await _keeper.RemoveAsync(Key(record), cancellationToken); // an attempt that failed would be made good later
            _isWanted = false;
        }
    }

    private Task PutAsync(InstanceRecord record, CancellationToken cancellationToken)
    {
        _isWanted = true;
        return _keeper.PutAsync(Key(record), InstanceCodec.Encode(record), cancellationToken);
    }

    private static string Key(InstanceRecord record) => RegistryKeys.Instance(record.Service, record.Id);

    private async Task<bool> GoodbyeAsync(
        InstanceRecord record, Func<CancellationToken, Task> goodbye, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(LongestGoodbye, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await goodbye(either.Token);
            return true;
        }
        catch (Exception exception) when (exception is RegistryException or OperationCanceledException)
        {
            _logger.LeftUncleanly(record.Service, record.Id, exception.Message);
            return false;
        }
    }
}
