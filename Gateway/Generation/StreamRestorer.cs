using Fairway.Gateway.Jobs;
using Fairway.GrainInterfaces.Streams;

namespace Fairway.Gateway.Generation;

/// <summary>
/// Tells grains, before the first request is served, what the last process left behind: a reader that comes back at once finds its
/// answer, whether a worker has come to it or not.
/// </summary>
internal sealed class StreamRestorer(IJobQueue queue, IGrainFactory grains) : IHostedService
{
    private const int Parallel = 64;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken };
        await System.Threading.Tasks.Parallel.ForEachAsync(
            queue.LeftBehind.GroupBy(job => job.User),
            options,
            async (jobs, _) => await grains.GetGrain<IUserStreamGrain>(jobs.Key).Restore([.. jobs]));
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
