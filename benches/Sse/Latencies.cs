using System.Buffers.Text;
using System.Diagnostics;
using Fairway.Report;

namespace Fairway.Sse;

/// <summary>How long what the bench sent took to reach its readers, gathered from their lines.</summary>
internal sealed class Latencies(int capacity)
{
    private readonly long[] _ticks = new long[capacity];
    private int _count = capacity; // nothing is kept until it begins

    public int Count => Math.Min(Volatile.Read(ref _count), _ticks.Length);

    public void Begin() => Volatile.Write(ref _count, 0);

    /// <summary>A line of a reader; one with a time is a figure.</summary>
    public void Take(ReadOnlySpan<byte> line)
    {
        var now = Stopwatch.GetTimestamp();
        const int Digits = 16;
        var at = line.IndexOf("\"t\":\""u8);
        if (at >= 0 && Utf8Parser.TryParse(line.Slice(at + 5, Digits), out long sent, out _))
        {
            var place = Interlocked.Increment(ref _count) - 1;
            if (place < _ticks.Length)
            {
                _ticks[place] = now - sent;
            }
        }
    }

    /// <summary>The figures since <see cref="Begin"/>.</summary>
    public (double P50, double P99, double P999, int Count) End()
    {
        var count = Count;
        Volatile.Write(ref _count, _ticks.Length);
        var milliseconds = _ticks.Take(count).Select(ticks => Stopwatch.GetElapsedTime(0, ticks).TotalMilliseconds).ToArray();
        return (Rounds.Median(milliseconds), Rounds.Percentile(milliseconds, 0.99), Rounds.Percentile(milliseconds, 0.999), count);
    }
}
