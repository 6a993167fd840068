using System.Diagnostics;

namespace Fairway.Micro;

/// <summary>What one operation costs, over enough of them for the clock to tell.</summary>
internal static class Timed
{
    /// <summary>Nanoseconds an operation, for a body that does <paramref name="operations"/> of them.</summary>
    public static double Nanoseconds(int operations, Action body)
    {
        var began = Stopwatch.GetTimestamp();
        body();
        return Stopwatch.GetElapsedTime(began).TotalNanoseconds / operations;
    }

    /// <summary>Bytes allocated by this thread.</summary>
    public static long Allocated(Action body)
    {
        body();
        var before = GC.GetAllocatedBytesForCurrentThread();
        body();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
