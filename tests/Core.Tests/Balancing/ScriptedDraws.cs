using Fairway.Core.Balancing;

namespace Fairway.Core.Tests.Balancing;

/// <summary>Draws that a test wrote down; asking for more than there are is an error.</summary>
internal sealed class ScriptedDraws : Draws
{
    private readonly Queue<double> _draws = new();

    public int Left => _draws.Count;

    public void Add(params IEnumerable<double> draws)
    {
        foreach (var draw in draws)
        {
            _draws.Enqueue(draw);
        }
    }

    public void Clear() => _draws.Clear();

    public override double Next() => _draws.TryDequeue(out var draw) ? draw : throw new InvalidOperationException("a draw more than was written down");
}

/// <summary>Draws of a seed, six decimals each, so that they read well in a file; remembers what was taken.</summary>
internal sealed class RecordedDraws(int seed) : Draws
{
    private readonly Random _random = new(seed);
    private readonly List<double> _taken = [];

    public override double Next()
    {
        _taken.Add(Math.Floor(_random.NextDouble() * 1e6) / 1e6);
        return _taken[^1];
    }

    public double[] Take()
    {
        double[] taken = [.. _taken];
        _taken.Clear();
        return taken;
    }
}
