using Google.Protobuf;

namespace Fairway.Registry.Memory;

/// <summary>A lease and the keys that hang on it. Times are timestamps of the table's clock.</summary>
internal sealed class Lease(long id, TimeSpan timeToLive)
{
    public long Id { get; } = id;

    public TimeSpan TimeToLive { get; } = timeToLive;

    public HashSet<ByteString> Keys { get; } = [];

    public long RenewedAt { get; set; }
}

/// <summary>
/// The leases in order of expiry, behind one timer. A renewal only notes the time: the queue's entry is put off when it
/// comes up. Not thread-safe: the store's lock guards it.
/// </summary>
internal sealed class LeaseTable(TimeProvider time)
{
    private readonly Dictionary<long, Lease> _leases = [];
    private readonly PriorityQueue<Lease, long> _queue = new();

    public IEnumerable<Lease> All => _leases.Values;

    public Lease? Find(long id) => _leases.GetValueOrDefault(id);

    public Lease Add(long id, TimeSpan timeToLive)
    {
        var lease = new Lease(id, timeToLive);
        _leases.Add(id, lease);
        lease.RenewedAt = time.GetTimestamp();
        _queue.Enqueue(lease, Due(lease));
        return lease;
    }

    public void Renew(Lease lease) => lease.RenewedAt = time.GetTimestamp();

    public void Remove(Lease lease) => _leases.Remove(lease.Id);

    public TimeSpan Remaining(Lease lease) => lease.TimeToLive - time.GetElapsedTime(lease.RenewedAt);

    /// <summary>The next lease that is over, or null; the table still holds it.</summary>
    public Lease? NextExpired()
    {
        var now = time.GetTimestamp();
        while (_queue.TryPeek(out var lease, out var due) && due <= now)
        {
            _queue.Dequeue();
            if (_leases.GetValueOrDefault(lease.Id) != lease)
            {
                continue; // revoked
            }

            if (Due(lease) <= now)
            {
                return lease;
            }

            _queue.Enqueue(lease, Due(lease));
        }

        return null;
    }

    /// <summary>How long until a lease may be over; infinite when there is none.</summary>
    public TimeSpan UntilNext() => _queue.TryPeek(out _, out var due)
        ? TimeSpan.FromTicks(Math.Max(TimeSpan.TicksPerMillisecond, time.GetElapsedTime(time.GetTimestamp(), due).Ticks))
        : Timeout.InfiniteTimeSpan;

    private long Due(Lease lease) => lease.RenewedAt + (long)Math.Ceiling(lease.TimeToLive.TotalSeconds * time.TimestampFrequency);
}
