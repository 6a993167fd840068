namespace Fairway.Core.Balancing;

/// <summary>What an answer that just came said of its instance.</summary>
internal record struct RecentAnswer(Endpoint Endpoint, double InFlight, TimeSpan At);

/// <summary>The last few answers, one an instance, in the order they came. Not thread-safe.</summary>
internal sealed class RecentAnswers(int capacity)
{
    private readonly RecentAnswer[] _answers = new RecentAnswer[capacity];
    private int _count;

    /// <summary>Adds one; it replaces an older one of the same instance, else, where there is no room, the oldest.</summary>
    public void Add(in RecentAnswer answer)
    {
        for (var i = 0; i < _count; i++)
        {
            if (ReferenceEquals(_answers[i].Endpoint, answer.Endpoint))
            {
                Remove(i);
                break;
            }
        }

        if (_count == capacity)
        {
            Remove(0);
        }

        _answers[_count++] = answer;
    }

    /// <summary>Removes those from before <paramref name="oldest"/> and those of instances that have no weight any more.</summary>
    public void Expire(TimeSpan oldest)
    {
        for (var i = _count - 1; i >= 0; i--)
        {
            if (_answers[i].At < oldest || _answers[i].Endpoint.Weight <= 0)
            {
                Remove(i);
            }
        }
    }

    /// <summary>The index of the one with the least load for its weight that <paramref name="call"/> does not exclude, the oldest of equals; -1 where there is none.</summary>
    public int Least(in Call call)
    {
        var least = -1;
        var lowest = double.PositiveInfinity;
        for (var i = 0; i < _count; i++)
        {
            var load = Load(i);
            if (load < lowest && !call.Excludes(_answers[i].Endpoint))
            {
                (least, lowest) = (i, load);
            }
        }

        return least;
    }

    /// <summary>Requests in flight there with one more, by weight.</summary>
    public double Load(int index) => (_answers[index].InFlight + 1) / _answers[index].Endpoint.Weight;

    /// <summary>Uses one: it speaks for one request, or is kept, with that request counted in.</summary>
    public Endpoint Use(int index, bool keep)
    {
        var endpoint = _answers[index].Endpoint;
        if (keep)
        {
            _answers[index].InFlight++;
        }
        else
        {
            Remove(index);
        }

        return endpoint;
    }

    private void Remove(int index)
    {
        Array.Copy(_answers, index + 1, _answers, index, _count - index - 1);
        _answers[--_count] = default;
    }
}
