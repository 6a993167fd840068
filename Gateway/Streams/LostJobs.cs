using Fairway.Gateway.Jobs;
using Fairway.GrainInterfaces.Streams;

namespace Fairway.Gateway.Streams;

/// <summary>
/// Tells grains of jobs that they lost with their silo. A worker that runs one speaks to its grain soon, but one that waits for a worker
/// may wait for any time yet, and its reader with it.
/// </summary>
internal sealed class LostJobs(IJobQueue queue, IGrainFactory grains)
{
    /// <summary>False: the queue knows of no job that will yet be answered, or the grain knows better.</summary>
    public async Task<bool> RestoreAsync(string user, long version)
    {
        if (await queue.FindAsync(user, version) is not { } job)
        {
            return false;
        }

        // A running worker brings its frames again, so none count as lost here.
        var grain = grains.GetGrain<IUserStreamGrain>(user);
        await grain.Restore([job with { MayHaveStored = false }]);
        return await grain.Find(version) is not null;
    }
}
