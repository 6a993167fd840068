namespace Fairway.Gateway.Memory;

/// <summary>
/// Says when garbage is worth collecting though the collector sees no reason to: much was allocated, and now next to nothing is. A burst
/// of connections leaves garbage of the size of a whole youngest generation behind, which stays resident for as long as they are idle.
/// </summary>
internal sealed class IdleRule(TrimOptions options)
{
    /// <summary>Bytes a second that a process allocates which only keeps connections: heartbeats, sweeps, leases.</summary>
    private const long IdleRate = 256 * 1024;

    private long _last;
    private long _lastTrim;
    private TimeSpan _idle;

    /// <summary>To be called every second or more often.</summary>
    /// <param name="allocated">Bytes that were allocated since the start of the process.</param>
    /// <param name="heap">Bytes of the heap after the last collection.</param>
    /// <param name="passed">Time since the last call.</param>
    /// <returns>Whether to collect now.</returns>
    public bool Observe(long allocated, long heap, TimeSpan passed)
    {
        _idle = allocated - _last <= IdleRate * passed.TotalSeconds ? _idle + passed : TimeSpan.Zero;
        _last = allocated;
        if (_idle < options.After || allocated - _lastTrim < options.MinGarbageBytes || heap > options.MaxHeapBytes)
        {
            return false;
        }

        _lastTrim = allocated;
        return true;
    }
}
