using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Orleans.Runtime;

namespace Fairway.LocalSilo;

/// <summary>
/// Every activation by its grain, found without a lock. A dictionary keeps the room of its fullest moment, so once a burst of grains is
/// over, those that are left move to a smaller one.
/// </summary>
internal sealed class ActivationTable : IEnumerable<Activation>
{
    /// <summary>So many take too little room to be moved.</summary>
    private const int Few = 1024;

    /// <summary>They are moved once there are so many times fewer than there were.</summary>
    private const int Fewer = 8;

    private readonly Lock _gate = new();
    private volatile ConcurrentDictionary<GrainId, Activation> _byId = new();
    private int _count;
    private int _most;

    public int Count => Volatile.Read(ref _count);

    public bool TryGet(GrainId id, [MaybeNullWhen(false)] out Activation activation) => _byId.TryGetValue(id, out activation);

    /// <summary>Adds an activation, or returns the one that its grain has.</summary>
    public Activation GetOrAdd(Activation made)
    {
        lock (_gate)
        {
            var held = _byId.GetOrAdd(made.GrainId, made);
            if (ReferenceEquals(held, made))
            {
                _most = Math.Max(_most, ++_count);
            }

            return held;
        }
    }

    public void Remove(Activation activation)
    {
        lock (_gate)
        {
            if (_byId.TryRemove(new(activation.GrainId, activation)) && --_count < _most / Fewer && _most > Few)
            {
                _byId = new ConcurrentDictionary<GrainId, Activation>(_byId);
                _most = _count;
            }
        }
    }

    public IEnumerator<Activation> GetEnumerator() => _byId.Select(entry => entry.Value).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
