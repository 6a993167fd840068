namespace Fairway.Simulation;

/// <summary>A binary heap over a fixed number of slots whose due times change: which machine finishes a request next.</summary>
internal sealed class NextHeap
{
    private readonly double[] _due;
    private readonly int[] _heap;
    private readonly int[] _place;

    public NextHeap(int slots)
    {
        _due = new double[slots];
        Array.Fill(_due, double.PositiveInfinity);
        _heap = [.. Enumerable.Range(0, slots)];
        _place = [.. Enumerable.Range(0, slots)];
    }

    public double Due => _due[_heap[0]];

    public int First => _heap[0];

    public void Set(int slot, double due)
    {
        var before = _due[slot];
        _due[slot] = due;
        if (due < before)
        {
            Rise(_place[slot]);
        }
        else if (due > before)
        {
            Sink(_place[slot]);
        }
    }

    private void Rise(int place)
    {
        var slot = _heap[place];
        var due = _due[slot];
        while (place > 0)
        {
            var above = (place - 1) >> 1;
            if (_due[_heap[above]] <= due)
            {
                break;
            }

            Put(_heap[above], place);
            place = above;
        }

        Put(slot, place);
    }

    private void Sink(int place)
    {
        var slot = _heap[place];
        var due = _due[slot];
        while (true)
        {
            var below = (2 * place) + 1;
            if (below >= _heap.Length)
            {
                break;
            }

            if (below + 1 < _heap.Length && _due[_heap[below + 1]] < _due[_heap[below]])
            {
                below++;
            }

            if (_due[_heap[below]] >= due)
            {
                break;
            }

            Put(_heap[below], place);
            place = below;
        }

        Put(slot, place);
    }

    private void Put(int slot, int place)
    {
        _heap[place] = slot;
        _place[slot] = place;
    }
}
