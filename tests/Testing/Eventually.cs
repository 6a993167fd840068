using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Fairway.Testing;

/// <summary>
/// Bounded polling, in wall-clock time, of what real processes and sockets bring about. Where the code
/// under test runs on an injected clock, advance that clock instead.
/// </summary>
public static class Eventually
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(15);

    /// <summary>Returns when the condition holds.</summary>
    /// <exception cref="TimeoutException">It did not hold in time (15 s unless said); the message is the condition's text.</exception>
    public static Task True(
        Func<bool> condition,
        TimeSpan? timeout = null,
        [CallerArgumentExpression(nameof(condition))] string what = "") =>
        TrueAsync(() => Task.FromResult(condition()), timeout, what);

    /// <summary>Returns when the asynchronous condition holds. An exception of the condition ends the wait.</summary>
    /// <exception cref="TimeoutException">It did not hold in time (15 s unless said); the message is the condition's text.</exception>
    public static async Task TrueAsync(
        Func<Task<bool>> condition,
        TimeSpan? timeout = null,
        [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        var limit = timeout ?? DefaultTimeout;
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > limit)
            {
                throw new TimeoutException($"Not so within {limit.TotalSeconds:0.#} s: {what}");
            }

            await Task.Delay(Interval, TimeProvider.System);
        }
    }

    /// <summary>
    /// Returns when the assertions of <paramref name="body"/> pass; when time is up, the last failure is thrown.
    /// </summary>
    public static async Task Passes(Func<Task> body, TimeSpan? timeout = null)
    {
        var limit = timeout ?? DefaultTimeout;
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await body();
                return;
            }
            catch (Exception) when (Stopwatch.GetElapsedTime(started) <= limit)
            {
                await Task.Delay(Interval, TimeProvider.System);
            }
        }
    }
}
