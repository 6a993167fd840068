using Fairway.Core.Directory;

namespace Fairway.Gateway.Directory;

/// <summary>
/// The snapshot that every read is answered from. One writer replaces it; readers take it without a lock, and those who
/// wait for news are woken only by a change of the very list they wait on.
/// </summary>
public sealed class DirectoryStore(TimeProvider clock)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ListId, Waiters> _waiting = [];
    private volatile DirectorySnapshot _current = new() { Epoch = NewEpoch(clock) };

    public DirectorySnapshot Current => _current;

    /// <summary>How many readers wait for news, for the metrics.</summary>
    public int WaitingReaders
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Values.Sum(waiters => waiters.Count);
            }
        }
    }

    /// <summary>Applies a change and wakes the readers of the lists that it touched.</summary>
    public void Apply(DirectoryChange change) => Replace(current => current.Apply(change));

    /// <summary>Starts anew under another epoch, for a registry that was restored: every version a reader holds differs from then on.</summary>
    public void Restart(DirectoryChange listing) => Replace(current =>
        new DirectorySnapshot { Epoch = NewEpoch(clock) }.Apply(listing with { Ready = listing.Ready || current.Ready }));

    /// <summary>
    /// Ends when <paramref name="list"/> is no longer at <paramref name="counter"/> of <paramref name="epoch"/>; throws when cancelled.
    /// </summary>
    public async Task ChangeAsync(ListId list, string epoch, long counter, CancellationToken cancellationToken)
    {
        Waiters? waiters;
        lock (_gate)
        {
            if (_current.Epoch != epoch || list.CounterIn(_current) != counter)
            {
                return;
            }

            if (!_waiting.TryGetValue(list, out waiters))
            {
                _waiting[list] = waiters = new Waiters();
            }

            waiters.Count++;
        }

        try
        {
            await waiters.Changed.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            lock (_gate)
            {
                if (--waiters.Count == 0 && _waiting.TryGetValue(list, out var held) && held == waiters)
                {
                    _waiting.Remove(list);
                }
            }
        }
    }

    private void Replace(Func<DirectorySnapshot, DirectorySnapshot> next)
    {
        List<Waiters>? woken = null;
        lock (_gate)
        {
            var before = _current;
            var after = next(before);
            if (ReferenceEquals(before, after))
            {
                return;
            }

            _current = after;
            foreach (var (list, waiters) in _waiting)
            {
                if (before.Epoch != after.Epoch || list.CounterIn(before) != list.CounterIn(after))
                {
                    (woken ??= []).Add(waiters);
                    _waiting.Remove(list);
                }
            }
        }

        woken?.ForEach(waiters => waiters.Changed.SetResult());
    }

    /// <summary>An epoch that no earlier start of this process had: its time, and chance for two starts in one millisecond.</summary>
    private static string NewEpoch(TimeProvider clock) =>
        $"{clock.GetUtcNow().ToUnixTimeMilliseconds():x}{Random.Shared.Next(0x10000):x4}";

    private sealed class Waiters
    {
        public TaskCompletionSource Changed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Count { get; set; }
    }
}
