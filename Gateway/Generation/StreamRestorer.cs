using System.Collections.Immutable;
using Fairway.Gateway.Jobs;
using Fairway.GrainInterfaces.Streams;

namespace Fairway.Gateway.Generation;

/// <summary>
/// Tells grains, before the first request is served, what the last process left behind: a reader that comes back at once finds its
/// answer, whether a worker has come to it or not.
/// </summary>
internal sealed class StreamRestorer(IJobQueue queue, IGrainFactory grains, ILogger<StreamRestorer> logger) : IHostedService
{
    private const int UsersAtOnce = 64;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = UsersAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(queue.TakeLeftBehind().GroupBy(job => job.User), options, (jobs, _) => RestoreAsync(jobs.Key, [.. jobs]));
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async ValueTask RestoreAsync(string user, ImmutableArray<StreamJob> jobs)
    {
        try
        {
            await grains.GetGrain<IUserStreamGrain>(user).Restore(jobs);
        }
        catch (Exception failure)
        {
            logger.NotRestored(jobs.Length, failure); // its worker will take them over, later
        }
    }
}
