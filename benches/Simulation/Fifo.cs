namespace Fairway.Simulation;

/// <summary>Events that fall due in the order they were made, since all of a kind take the same time: cheaper than a heap.</summary>
internal sealed class Fifo<T>
{
    private (double At, T Item)[] _ring = new (double, T)[1024];
    private int _head;
    private int _count;

    /// <summary>When the first falls due, ms; infinity where there is none.</summary>
    public double Due { get; private set; } = double.PositiveInfinity;

    public void Add(double at, T item)
    {
        if (_count == _ring.Length)
        {
            var larger = new (double, T)[_ring.Length * 2];
            for (var i = 0; i < _count; i++)
            {
                larger[i] = _ring[(_head + i) & (_ring.Length - 1)];
            }

            _ring = larger;
            _head = 0;
        }

        _ring[(_head + _count++) & (_ring.Length - 1)] = (at, item);
        if (_count == 1)
        {
            Due = at;
        }
    }

    public T Take()
    {
        ref var slot = ref _ring[_head];
        var item = slot.Item;
        slot = default;
        _head = (_head + 1) & (_ring.Length - 1);
        Due = --_count == 0 ? double.PositiveInfinity : _ring[_head].At;
        return item;
    }
}
