namespace Fairway.Sse;

/// <summary>Does a thing many times, a few at once.</summary>
internal static class Many
{
    public static async Task<T[]> OfAsync<T>(int count, Func<int, Task<T>> make, int atOnce = 32)
    {
        var all = new T[count];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = atOnce }, async (index, _) => all[index] = await make(index));
        return all;
    }
}
