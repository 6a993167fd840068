using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Fairway.Registry;
using Fairway.Registry.Memory;
using Fairway.Testing;

namespace Fairway.Grains.Tests.Faults;

/// <summary>One revision: keys put, or with null deleted.</summary>
internal sealed record Write(ImmutableArray<(string Key, byte[]? Value)> Changes);

/// <summary>
/// An etcd cluster in this process with etcd's faults: it dies, is compacted, falls silent, loses the member in use, lags at the
/// next one, is restored from a backup. All writes are known, so that what readers were told can be compared with them.
/// </summary>
internal sealed class FaultyCluster(ManualClock clock, Random random) : IRegistry, IDisposable
{
    /// <summary>How long a client takes to give up a watch that says nothing and does not answer.</summary>
    private static readonly TimeSpan SilenceNoticed = TimeSpan.FromSeconds(5);

    private MemoryRegistry _store = new(null, clock) { ClusterId = 1 };
    private TaskCompletionSource _broken = new(); // on this thread, so that a seed runs alike each time
    private Task? _silence;

    /// <summary>Every call fails, and watches are broken.</summary>
    public bool IsAway { get; private set; }

    /// <summary>No more faults of its own making.</summary>
    public bool IsCalm { get; set; }

    /// <summary>Called once, between the next listing and the watch that follows it.</summary>
    public Action? AfterListing { get; set; }

    /// <summary>All writes since the beginning, of this history: the n-th made revision n + 2.</summary>
    public ImmutableList<Write> Log { get; private set; } = [];

    public ulong ClusterId => _store.ClusterId;

    public long Revision => _store.Revision;

    public long Compacted { get; private set; }

    /// <summary>Of all clusters that this one was.</summary>
    public int Compactions { get; private set; }

    public void Put(params (string Key, byte[]? Value)[] changes)
    {
        Log = Log.Add(new Write([.. changes]));
        Replay(_store, Log[^1]);
    }

    public void Kill()
    {
        IsAway = true;
        Break();
    }

    public void Start() => IsAway = false;

    /// <summary>The member in use goes: watches break, and others serve at once.</summary>
    public void LoseMember() => Break();

    /// <summary>Connections stay, and nothing comes any more.</summary>
    public void FallSilent()
    {
        if (_silence is null)
        {
            var broken = _broken;
            _silence = broken.Task;
            clock.CreateTimer(
                _ =>
                {
                    if (broken == _broken)
                    {
                        Break();
                    }
                },
                null, SilenceNoticed, Timeout.InfiniteTimeSpan);
        }
    }

    public void Compact(long revision)
    {
        if (revision > Compacted && revision <= Revision)
        {
            Compacted = revision;
            Compactions++;
            _store.CompactAsync(revision);
        }
    }

    /// <summary>Takes back everything after the first <paramref name="writes"/>. Revisions, versions and leases are as they were then.</summary>
    public void Restore(int writes, ulong clusterId)
    {
        var restored = new MemoryRegistry(null, clock) { ClusterId = clusterId };
        Log = Log.GetRange(0, writes);
        Log.ForEach(write => Replay(restored, write));
        Compacted = 0;
        _store.Dispose();
        _store = restored;
        Break();
    }

    /// <summary>What stood at a revision.</summary>
    public static SortedDictionary<string, (byte[] Value, long ModRevision)> At(ImmutableList<Write> log, long revision)
    {
        var standing = new SortedDictionary<string, (byte[], long)>(StringComparer.Ordinal);
        for (var i = 0; i < log.Count && i + 2 <= revision; i++)
        {
            foreach (var (key, value) in log[i].Changes)
            {
                if (value is null)
                {
                    standing.Remove(key);
                }
                else
                {
                    standing[key] = (value, i + 2);
                }
            }
        }

        return standing;
    }

    public async Task<RegistryListing> ListAsync(string prefix, CancellationToken cancellationToken = default)
    {
        var listing = await Here().ListAsync(prefix, cancellationToken);
        if (AfterListing is { } race)
        {
            AfterListing = null;
            race();
        }

        return listing;
    }

    public async IAsyncEnumerable<WatchBatch> WatchAsync(
        string prefix, long fromRevision, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var broken = _broken.Task;
        var store = Here();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var batches = store.WatchAsync(prefix, fromRevision, ending.Token).GetAsyncEnumerator(CancellationToken.None);
        if (Chance(6))
        {
            // The next member has not applied the last writes yet.
            yield return new WatchBatch(Math.Max(1, store.Revision - random.Next(1, 5)), []) { ClusterId = store.ClusterId };
        }

        while (await NextAsync(batches, broken, ending))
        {
            var at = 0;
            foreach (var size in Pieces(batches.Current.Changes))
            {
                if (Chance(10))
                {
                    yield return new WatchBatch(store.Revision, []) { ClusterId = store.ClusterId }; // progress, ahead of events
                }

                if (broken.IsCompleted || (_silence == broken) || (Chance(60) && Broke()))
                {
                    await SilenceAsync(broken, cancellationToken);
                    throw Gone();
                }

                var piece = batches.Current.Changes.Skip(at).Take(size).ToList();
                at += size;
                yield return new WatchBatch(piece.Count == 0 ? batches.Current.Revision : piece[^1].Entry.ModRevision, piece) { ClusterId = store.ClusterId };
            }
        }
    }

    public Task<RegistryEntry?> GetAsync(string key, CancellationToken cancellationToken = default) => Here().GetAsync(key, cancellationToken);

    public Task<long> PutAsync(string key, ReadOnlyMemory<byte> value, long lease = 0, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Task<(long Revision, long Deleted)> DeleteAsync(string key, bool prefix = false, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public Task<TxnResult> TxnAsync(RegistryTxn txn, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<long> GrantAsync(TimeSpan timeToLive, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<TimeSpan?> KeepAliveAsync(long lease, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task RevokeAsync(long lease, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task CompactAsync(long revision, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public void Dispose() => _store.Dispose();

    private static void Replay(MemoryRegistry store, Write write)
    {
        var result = store.TxnAsync(new RegistryTxn(
            [], [.. write.Changes.Select(change => change.Value is { } value
                ? (RegistryOp)new RegistryOp.Put(change.Key, value)
                : new RegistryOp.Delete(change.Key))], []));
        Assert.True(result.IsCompletedSuccessfully);
    }

    private static RegistryException Gone() => new(RegistryError.Away, "The registry is away.");

    private MemoryRegistry Here() => IsAway ? throw Gone() : _store;

    private bool Chance(int oneIn) => !IsCalm && random.Next(oneIn) == 0;

    private void Break()
    {
        var broken = _broken;
        _silence = null;
        _broken = new TaskCompletionSource();
        broken.TrySetResult();
    }

    private bool Broke()
    {
        Break();
        return true;
    }

    private async Task SilenceAsync(Task broken, CancellationToken cancellationToken)
    {
        if (_silence == broken)
        {
            await broken.WaitAsync(cancellationToken);
        }
    }

    private static async Task<bool> NextAsync(IAsyncEnumerator<WatchBatch> batches, Task broken, CancellationTokenSource ending)
    {
        var next = batches.MoveNextAsync().AsTask();
        await Task.WhenAny(next, broken);
        if (next.IsCompleted)
        {
            return await next;
        }

        End(ending);
        await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
        throw Gone();
    }

    /// <summary>On this thread, so that a seed runs alike each time.</summary>
    private static void End(CancellationTokenSource ending) => ending.Cancel();

    /// <summary>How many changes come at once: whole revisions, some together.</summary>
    private List<int> Pieces(IReadOnlyList<RegistryChange> changes)
    {
        if (changes.Count == 0)
        {
            return [0];
        }

        var pieces = new List<int>();
        var size = 0;
        for (var i = 0; i < changes.Count; i++)
        {
            size++;
            var ends = i == changes.Count - 1 || changes[i + 1].Entry.ModRevision != changes[i].Entry.ModRevision;
            if (ends && (i == changes.Count - 1 || Chance(2)))
            {
                pieces.Add(size);
                size = 0;
            }
        }

        return pieces;
    }
}
