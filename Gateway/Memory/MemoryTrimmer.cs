using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Memory;

/// <summary>Gives memory back while the process is idle, see <see cref="IdleRule"/>.</summary>
internal sealed class MemoryTrimmer(IOptions<TrimOptions> options, TimeProvider time, ILogger<MemoryTrimmer> logger) : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(0.5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.TrimSeconds == 0)
        {
            return;
        }

        var rule = new IdleRule(options.Value);
        using var timer = new PeriodicTimer(LookEvery, time);
        var last = time.GetTimestamp();
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                var now = time.GetTimestamp();
                if (rule.Observe(GC.GetTotalAllocatedBytes(), GC.GetGCMemoryInfo(GCKind.Any).HeapSizeBytes, time.GetElapsedTime(last, now)))
                {
                    Trim();
                }

                last = now;
            }
        }
        catch (OperationCanceledException)
        {
            // the process stops
        }
    }

    /// <summary>Any gentler mode keeps what it freed for allocations to come.</summary>
    private void Trim()
    {
        var (began, before) = (time.GetTimestamp(), Environment.WorkingSet);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        Log.MemoryTrimmed(logger, (before - Environment.WorkingSet) >> 20, (long)time.GetElapsedTime(began).TotalMilliseconds);
    }
}
