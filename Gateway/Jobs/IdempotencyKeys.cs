namespace Fairway.Gateway.Jobs;

/// <summary>Idempotency keys of the last day, and who waits for one. Not durable by itself.</summary>
internal sealed class IdempotencyKeys(TimeProvider time)
{
    private static readonly TimeSpan Memory = TimeSpan.FromHours(24);

    private readonly Lock _gate = new();
    private readonly Dictionary<(string User, string Key), State> _keys = [];
    private readonly Queue<((string User, string Key) Key, State State)> _settled = new();

    public async Task<IdempotencyResult> ReserveAsync(string user, string key, ReadOnlyMemory<byte> bodyHash, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task settled;
            lock (_gate)
            {
                Forget();
                if (!_keys.TryGetValue((user, key), out var state))
                {
                    _keys[(user, key)] = new State(bodyHash);
                    return new IdempotencyResult(IdempotencyOutcome.Reserved, 0, new IdempotencyReservation(user, key, bodyHash, Release));
                }

                if (state.Settled.Task.IsCompleted)
                {
                    return state.BodyHash.Span.SequenceEqual(bodyHash.Span)
                        ? new IdempotencyResult(IdempotencyOutcome.Replay, state.Version, null)
                        : new IdempotencyResult(IdempotencyOutcome.Conflict, 0, null);
                }

                settled = state.Settled.Task;
            }

            await settled.WaitAsync(cancellationToken);
        }
    }

    /// <summary>The key stands for this version from now on.</summary>
    public void Settle(string user, string key, ReadOnlyMemory<byte> bodyHash, long version, DateTimeOffset at)
    {
        lock (_gate)
        {
            if (!_keys.TryGetValue((user, key), out var state) || state.Settled.Task.IsCompleted)
            {
                state = _keys[(user, key)] = new State(bodyHash);
            }

            (state.Version, state.At) = (version, at);
            _settled.Enqueue(((user, key), state));
            state.Settled.SetResult();
        }
    }

    /// <summary>All that stand for a version.</summary>
    public List<JobRecord.Key> All()
    {
        lock (_gate)
        {
            Forget();
            return [.. _settled.Select(entry => new JobRecord.Key(
                entry.Key.User, entry.Key.Key, entry.State.BodyHash, entry.State.Version, entry.State.At))];
        }
    }

    private void Release(IdempotencyReservation reservation)
    {
        lock (_gate)
        {
            if (_keys.TryGetValue((reservation.User, reservation.Key), out var state) && !state.Settled.Task.IsCompleted)
            {
                _keys.Remove((reservation.User, reservation.Key));
                state.Settled.SetResult();
            }
        }
    }

    private void Forget()
    {
        while (_settled.TryPeek(out var oldest) && time.GetUtcNow() - oldest.State.At > Memory)
        {
            _settled.Dequeue();
            if (_keys.TryGetValue(oldest.Key, out var state) && state == oldest.State)
            {
                _keys.Remove(oldest.Key);
            }
        }
    }

    private sealed class State(ReadOnlyMemory<byte> bodyHash)
    {
        public ReadOnlyMemory<byte> BodyHash { get; } = bodyHash;

        public TaskCompletionSource Settled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long Version { get; set; }

        public DateTimeOffset At { get; set; }
    }
}
