using Microsoft.Extensions.Logging;

namespace Fairway.Registry;

/// <summary>
/// Keeps one lease alive, and on it the keys it was given, for as long as it lives: renewed every third of the time to live;
/// when the lease is lost, granted anew and its keys put again; after a new connection its keys are looked at, since a registry
/// restored from a backup may have the lease and not the keys. What cannot be done while the registry is away is done when it is
/// back. Thread-safe.
/// </summary>
public sealed class LeaseKeeper : IAsyncDisposable
{
    private static readonly TimeSpan MaxRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FarewellTimeout = TimeSpan.FromSeconds(2);

    private readonly IRegistry _registry;
    private readonly TimeSpan _timeToLive;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly RegistryMetrics? _metrics;
    private readonly LeasedKeys _keys = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _keeping;
    private long _renewedAt;
    private long _lease;
    private bool _isHeld;
    private bool _wasLost;
    private long _lookedAfter;

    /// <param name="timeToLive">At least 1 s, whole seconds: how long the keys outlive this process.</param>
    public LeaseKeeper(IRegistry registry, TimeSpan timeToLive, TimeProvider time, ILogger logger, RegistryMetrics? metrics = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(timeToLive, TimeSpan.FromSeconds(1));
        _registry = registry;
        _timeToLive = timeToLive;
        _time = time;
        _logger = logger;
        _metrics = metrics;
        _keeping = KeepAsync();
    }

    /// <summary>The lease is gone, or was not renewed for its time to live: others do not see the keys. Handlers must not block.</summary>
    public event Action? Lost;

    /// <summary>After <see cref="Lost"/>: a lease lives again and all keys are on it. Handlers must not block.</summary>
    public event Action? Regained;

    /// <summary>The lease in force; 0 before the first key and while lost.</summary>
    public long LeaseId => Interlocked.Read(ref _lease);

    /// <summary>Puts a key on the lease and keeps it there.</summary>
    /// <exception cref="RegistryException">It is not there now; unless it was refused, it will be put when the registry is back.</exception>
    public Task PutAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default) => InTurnAsync(
        async () =>
        {
            _keys.Want(key, value);
            try
            {
                await SettleAsync(cancellationToken);
            }
            catch (RegistryException e) when (e.Error == RegistryError.Refused)
            {
                _keys.Forget(key);
                throw;
            }
        },
        cancellationToken);

    /// <summary>Deletes a key and no longer keeps it.</summary>
    /// <exception cref="RegistryException">It may still be there; it will be deleted when the registry is back.</exception>
    public Task RemoveAsync(string key, CancellationToken cancellationToken = default) => InTurnAsync(
        async () =>
        {
            _keys.Unwant(key);
            await SettleAsync(cancellationToken);
        },
        cancellationToken);

    /// <summary>Ends the lease, and its keys with it. A registry that is away lets it expire.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_ending.IsCancellationRequested)
        {
            return;
        }

        await _ending.CancelAsync();
        await _keeping;
        using var farewell = new CancellationTokenSource(FarewellTimeout, _time);
        await _turn.WaitAsync(CancellationToken.None);
        try
        {
            if (_isHeld)
            {
                await _registry.RevokeAsync(_lease, farewell.Token);
            }
        }
        catch (Exception e) when (e is RegistryException or OperationCanceledException)
        {
            Log.LeaseUnreachable(_logger, e.Message);
        }
        finally
        {
            _isHeld = false;
            Interlocked.Exchange(ref _lease, 0);
            _turn.Release();
        }

        _ending.Dispose();
    }

    private async Task KeepAsync()
    {
        var retry = TimeSpan.FromTicks(Math.Min(_timeToLive.Ticks / 10, MaxRetry.Ticks));
        var delay = _timeToLive / 3;
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(delay, _time, _ending.Token);
                await InTurnAsync(RenewAsync, _ending.Token);
                delay = _timeToLive / 3;
            }
            catch (RegistryException e)
            {
                Log.LeaseUnreachable(_logger, e.Message);
                delay = retry;
            }
            catch (OperationCanceledException) when (_ending.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task RenewAsync()
    {
        if (_keys.IsEmpty && !_isHeld)
        {
            return;
        }

        try
        {
            if (_isHeld)
            {
                var connections = _registry.Connections;
                // Counted from before the call: the lease may have been renewed at any moment of it.
                var asked = _time.GetTimestamp();
                if (await _registry.KeepAliveAsync(_lease, _ending.Token) is null)
                {
                    LoseLease();
                }
                else
                {
                    _renewedAt = asked;
                    await LookAsync(connections);
                }
            }

            await SettleAsync(_ending.Token);
        }
        catch (RegistryException) when (_isHeld && _time.GetElapsedTime(_renewedAt) >= _timeToLive)
        {
            LoseLease();
            throw;
        }
    }

    /// <summary>Finds what the registry lacks that it was given before it was connected to anew.</summary>
    private async Task LookAsync(long connections)
    {
        // The renewal may have made the connection; one more look then does no harm.
        if (_lookedAfter == connections && connections == _registry.Connections)
        {
            return;
        }

        foreach (var (key, value) in _keys.Settled())
        {
            var entry = await _registry.GetAsync(key, _ending.Token);
            if (entry is not { } there || there.Lease != _lease || !there.Value.Span.SequenceEqual(value.Span))
            {
                Log.KeyForgotten(_logger, key);
                _keys.PutAgain(key);
            }
        }

        _lookedAfter = connections;
    }

    /// <summary>Brings the registry to what is wanted: a lease, and every key on it.</summary>
    private async Task SettleAsync(CancellationToken cancellationToken)
    {
        if (_isHeld)
        {
            try
            {
                await PutPendingAsync(cancellationToken);
            }
            catch (RegistryException e) when (e.Error == RegistryError.LeaseGone)
            {
                LoseLease();
            }
        }

        if (!_isHeld && !_keys.IsEmpty)
        {
            await GrantAsync(cancellationToken);
            await PutPendingAsync(cancellationToken);
        }

        if (_isHeld && _wasLost)
        {
            _wasLost = false;
            Raise(Regained);
        }
    }

    private async Task GrantAsync(CancellationToken cancellationToken)
    {
        var asked = _time.GetTimestamp();
        var lease = await _registry.GrantAsync(_timeToLive, cancellationToken);
        Interlocked.Exchange(ref _lease, lease);
        _renewedAt = asked;
        _isHeld = true;
        Log.LeaseGranted(_logger, lease, _keys.Count);
    }

    private async Task PutPendingAsync(CancellationToken cancellationToken)
    {
        foreach (var (key, value) in _keys.Pending())
        {
            if (value is { } wanted)
            {
                await _registry.PutAsync(key, wanted, _lease, cancellationToken);
            }
            else
            {
                await _registry.DeleteAsync(key, cancellationToken: cancellationToken);
            }

            _keys.Done(key);
        }
    }

    private void LoseLease()
    {
        Log.LeaseLost(_logger, _lease, _keys.Count);
        _metrics?.LeaseLost();
        _isHeld = false;
        Interlocked.Exchange(ref _lease, 0);
        _keys.AllPending();
        if (!_wasLost && _keys.Count > 0)
        {
            _wasLost = true;
            Raise(Lost);
        }
    }

    private void Raise(Action? listeners)
    {
        try
        {
            listeners?.Invoke();
        }
        catch (Exception e)
        {
            Log.LeaseListenerFailed(_logger, e);
        }
    }

    private async Task InTurnAsync(Func<Task> work, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(_ending.IsCancellationRequested && !cancellationToken.IsCancellationRequested, this);
            await work();
        }
        finally
        {
            _turn.Release();
        }
    }
}
