namespace Fairway.Registry;

/// <summary>What <see cref="LeaseKeeper"/> wants in the registry, and what of it is not there yet. Not thread-safe.</summary>
internal sealed class LeasedKeys
{
    private readonly Dictionary<string, ReadOnlyMemory<byte>> _wanted = new(StringComparer.Ordinal);
    private readonly HashSet<string> _pending = new(StringComparer.Ordinal);

    public int Count => _wanted.Count;

    /// <summary>Nothing is wanted, and nothing is left to delete.</summary>
    public bool IsEmpty => _wanted.Count == 0 && _pending.Count == 0;

    public void Want(string key, ReadOnlyMemory<byte> value)
    {
        _wanted[key] = value;
        _pending.Add(key);
    }

    public void Unwant(string key)
    {
        _wanted.Remove(key);
        _pending.Add(key);
    }

    public void Forget(string key)
    {
        _wanted.Remove(key);
        _pending.Remove(key);
    }

    /// <summary>Keys to put, or with null to delete.</summary>
    public IReadOnlyList<(string Key, ReadOnlyMemory<byte>? Value)> Pending() =>
        [.. _pending.Select(key => (key, _wanted.TryGetValue(key, out var value) ? value : (ReadOnlyMemory<byte>?)null))];

    public void Done(string key) => _pending.Remove(key);

    /// <summary>What is wanted and was put.</summary>
    public IReadOnlyList<(string Key, ReadOnlyMemory<byte> Value)> Settled() =>
        [.. _wanted.Where(wanted => !_pending.Contains(wanted.Key)).Select(wanted => (wanted.Key, wanted.Value))];

    /// <summary>It is not there as it should be.</summary>
    public void PutAgain(string key) => _pending.Add(key);

    /// <summary>All wanted keys went with their lease, and so did those still to delete.</summary>
    public void AllPending()
    {
        _pending.Clear();
        _pending.UnionWith(_wanted.Keys);
    }
}
