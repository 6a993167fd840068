using System.Diagnostics;

namespace Fairway.Queues;

/// <summary>Sends as both runs do: a fixed number under way at once, each waiting for its confirm, until all were processed.</summary>
internal static class Sending
{
    public const int Bytes = 512;
    public const int Prefetch = 256;
    public const int Concurrency = 8;
    private const int UnderWay = 128;

    /// <summary>Messages a second from the first publish to the last that was processed.</summary>
    public static async Task<double> MeasureAsync(int messages, Func<ReadOnlyMemory<byte>, Task> publish, Countdown processed)
    {
        var body = new byte[Bytes];
        var all = processed.Expect(messages);
        var next = 0;
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, UnderWay).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) <= messages)
            {
                await publish(body);
            }
        })));
        await all.WaitAsync(TimeSpan.FromMinutes(2));
        return messages / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}

/// <summary>Completes when as many were counted as were expected.</summary>
internal sealed class Countdown
{
    private TaskCompletionSource _done = new();
    private int _left;

    public Task Expect(int count)
    {
        _done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _left, count);
        return _done.Task;
    }

    public void Count()
    {
        if (Interlocked.Decrement(ref _left) == 0)
        {
            _done.SetResult();
        }
    }
}
