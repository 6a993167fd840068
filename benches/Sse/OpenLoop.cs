using System.Diagnostics;

namespace Fairway.Sse;

/// <summary>Sends at a rate whatever becomes of what was sent.</summary>
internal static class OpenLoop
{
    public static async Task RunAsync(double perSecond, double seconds, Action<int> send)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        var began = Stopwatch.GetTimestamp();
        var total = (int)(perSecond * seconds);
        for (var sent = 0; sent < total;)
        {
            await timer.WaitForNextTickAsync();
            var due = Math.Min(total, (int)(Stopwatch.GetElapsedTime(began).TotalSeconds * perSecond));
            while (sent < due)
            {
                send(sent++);
            }
        }
    }
}
