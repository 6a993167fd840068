namespace Fairway.LocalSilo;

/// <summary>
/// The answer to the turn that ran last on this thread. It is given by the thread itself once that has nothing else to run, and what
/// waited for it goes on right there: a thread less to wake for each call. Before anything else is run here it goes to the pool, so
/// that it waits for no code but the engine's.
/// </summary>
internal static class LastAnswer
{
    [ThreadStatic]
    private static bool t_isKept;

    [ThreadStatic]
    private static Request? t_last;

    /// <summary>From here to <see cref="End"/> the calling thread keeps an answer. Returns what to give to that.</summary>
    public static bool Begin()
    {
        var outer = t_isKept;
        t_isKept = true;
        return outer;
    }

    /// <summary>Has a request answered soon.</summary>
    public static void Give(Request request)
    {
        if (!t_isKept)
        {
            ThreadPool.UnsafeQueueUserWorkItem(request, preferLocal: true);
            return;
        }

        PassOn();
        t_last = request;
    }

    /// <summary>Call before other code runs on this thread.</summary>
    public static void PassOn()
    {
        if (t_last is { } last)
        {
            t_last = null;
            ThreadPool.UnsafeQueueUserWorkItem(last, preferLocal: true);
        }
    }

    /// <summary>Call last, outside of any activation.</summary>
    public static void End(bool outer)
    {
        if (outer)
        {
            PassOn();
            return;
        }

        t_isKept = false;
        if (t_last is { } last)
        {
            t_last = null;
            last.GiveAnswer();
        }
    }
}
