using Fairway.Core.Streams;
using Fairway.Gateway.Jobs;
using Fairway.GrainInterfaces.Streams;

namespace Fairway.Gateway.Streams;

/// <summary>
/// Asks users' grains for versions while grains may be on the move. What nobody knows for the moment, because its grain has just begun on
/// another silo, its silo has just died, or its job is still on its way to a process that has just started, is asked for again for a
/// bounded time.
/// </summary>
internal sealed class StreamLookup(IGrainFactory grains, StreamHub hub, LostJobs lost, IJobQueue queue, TimeProvider clock)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    /// <summary>Longer than a dead silo is held for alive.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(12);

    /// <summary>Who asks for whatever is held, and brings no position, may well find nothing.</summary>
    private static readonly TimeSpan PatienceForAny = TimeSpan.FromSeconds(3);

    /// <summary>Null: unknown, foreign or freed.</summary>
    public Task<StreamSummary?> FindAsync(string user, long version, CancellationToken cancellationToken) =>
        AskAsync(user, version, grain => grain.Find(version), found => found is not null, cancellationToken);

    /// <summary>The version that a conversation holds; 0 when none.</summary>
    public Task<long> CurrentAsync(string user, string conversation, CancellationToken cancellationToken) =>
        AskAsync(user, 0, grain => grain.Current(conversation), current => current != 0, cancellationToken);

    public Task<AckResult> AcknowledgeAsync(string user, long version, CancellationToken cancellationToken) =>
        AskAsync(user, version, async grain => (AckResult)await grain.Acknowledge(version), result => result != AckResult.Gone, cancellationToken);

    /// <summary>False: unknown, foreign or freed.</summary>
    public Task<bool> StopAsync(string user, long version, CancellationToken cancellationToken) =>
        AskAsync(user, version, grain => grain.Stop(version), isHeld => isHeld, cancellationToken);

    private async Task<T> AskAsync<T>(
        string user, long version, Func<IUserStreamGrain, Task<T>> ask, Func<T, bool> isKnown, CancellationToken cancellationToken)
    {
        var grain = grains.GetGrain<IUserStreamGrain>(user);
        var began = clock.GetTimestamp();
        var isTold = version == 0;
        while (true)
        {
            try
            {
                var answer = await ask(grain);
                if (isKnown(answer))
                {
                    return answer;
                }

                if (!isTold)
                {
                    isTold = true;
                    if (await lost.RestoreAsync(user, version))
                    {
                        continue;
                    }
                }

                if (!await MayYetBeKnownAsync(grain, version, clock.GetElapsedTime(began)))
                {
                    return answer;
                }
            }
            catch (Exception away) when (away is OrleansException or TimeoutException && clock.GetElapsedTime(began) < Patience)
            {
                // its silo has died and is not declared dead yet, or its grain is between two silos
            }

            await Task.Delay(Poll, clock, cancellationToken);
        }
    }

    private async Task<bool> MayYetBeKnownAsync(IUserStreamGrain grain, long version, TimeSpan waited) =>
        (version != 0 && hub.Uptime < queue.CatchUp)
        || (waited < (version == 0 ? PatienceForAny : Patience) && await grain.MayYetLearn(version));
}
