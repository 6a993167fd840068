namespace Fairway.Backend;

/// <summary>Does what the knobs say: real processor time, real memory, real waiting.</summary>
public sealed class Worker(Knobs knobs, TimeProvider time)
{
    private readonly Lock _gate = new();
    private Knobs _knobs = knobs;
    private byte[] _ballast = Hold(knobs.MemoryMib);

    public Knobs Knobs => Volatile.Read(ref _knobs);

    public Knobs Change(KnobsChange change)
    {
        lock (_gate)
        {
            var next = change.ApplyTo(_knobs);
            if (next.MemoryMib != _knobs.MemoryMib && next.Failure() is null)
            {
                _ballast = [];
                GC.Collect();
                _ballast = Hold(next.MemoryMib);
            }

            return next.Failure() is null ? _knobs = next : next;
        }
    }

    /// <summary>One request. Returns false when it is to fail.</summary>
    public async Task<bool> WorkAsync(CancellationToken cancellationToken)
    {
        var knobs = Knobs;
        Burner.Burn(knobs.CpuMs);
        if (knobs.LatencyMs > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(knobs.LatencyMs), time, cancellationToken);
        }

        GC.KeepAlive(_ballast);
        return Random.Shared.NextDouble() >= knobs.ErrorRate;
    }

    private static byte[] Hold(int mib)
    {
        var memory = new byte[mib * 1024 * 1024];
        memory.AsSpan().Fill(1); // untouched pages are not resident
        return memory;
    }
}
