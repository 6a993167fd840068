namespace Fairway.Testing;

/// <summary>What code allocates on the thread that runs it.</summary>
public static class Allocations
{
    /// <summary>
    /// The least of three runs: a collection that other tests' garbage brings about counts what was left of this thread's block, though it
    /// does not fall into each of them.
    /// </summary>
    public static long Least(Action act)
    {
        ArgumentNullException.ThrowIfNull(act);
        var least = long.MaxValue;
        for (var run = 0; run < 3; run++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            act();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
