namespace Fairway.Core.Balancing;

/// <summary>Two different candidates at random, each as likely as any other.</summary>
internal static class TwoChoices
{
    /// <summary>Two draws: an index, then one of the others by its distance. An excluded one gives way to the next; both are the same where one is left.</summary>
    public static bool Draw(EndpointList list, in Call call, Draws draws, out int first, out int second)
    {
        first = second = -1;
        if (list.Count == 0)
        {
            return false;
        }

        first = draws.Index(list.Count);
        second = list.Count == 1 ? first : (first + 1 + draws.Index(list.Count - 1)) % list.Count;
        first = call.Excludes(list[first]) ? list.Next(first, call) : first;
        if (first < 0)
        {
            return false;
        }

        second = call.Excludes(list[second]) ? first : second;
        return true;
    }
}
