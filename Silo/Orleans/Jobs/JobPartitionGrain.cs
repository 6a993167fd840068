using Fairway.Grains;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Streams;
using Orleans.Streams.Core;

namespace Fairway.Silo.Orleans.Jobs;

/// <summary>
/// Offers what its stream brings to the processes that take jobs, one after the other. While none has room it waits, and its stream with
/// it; for no longer than a stream waits for an answer, as whoever gets room first looks for jobs that wait.
/// </summary>
[ImplicitStreamSubscription(JobStream.Namespace)]
[RandomPlacement]
[Reentrant] // processes attach while it waits
internal sealed class JobPartitionGrain(GrainClock clock, ILogger<JobPartitionGrain> logger)
    : Grain, IJobPartitionGrain, IStreamSubscriptionObserver, IAsyncObserver<JobCall>
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly TimeProvider _time = clock.Time;
    private readonly ObserverSet<IJobTakerObserver> _takers = new(clock.Time, Lease);
    private int _next;

    public Task Attach(string process, IJobTakerObserver taker)
    {
        _takers.Renew(process, taker);
        return Task.CompletedTask;
    }

    public Task Detach(string process)
    {
        _takers.Leave(process);
        return Task.CompletedTask;
    }

    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) => handleFactory.Create<JobCall>().ResumeAsync(this);

    public async Task OnNextAsync(JobCall item, StreamSequenceToken? token = null)
    {
        var began = _time.GetTimestamp();
        for (var delay = FirstDelay; !await OfferAsync(item); delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay)
        {
            if (_time.GetElapsedTime(began) > Patience)
            {
                logger.NobodyHasRoom(item.Version);
                return;
            }

            await Task.Delay(delay, _time);
        }
    }

    public Task OnErrorAsync(Exception ex)
    {
        logger.StreamFailed(this.GetPrimaryKeyString(), ex);
        return Task.CompletedTask;
    }

    private async Task<bool> OfferAsync(JobCall call)
    {
        _takers.DropLapsed();
        var takers = _takers.All;
        for (var i = 0; i < takers.Length; i++)
        {
            var taker = takers[(_next++ & int.MaxValue) % takers.Length];
            try
            {
                if (await taker.Offer(call.User, call.Version))
                {
                    return true;
                }
            }
            catch (Exception failure)
            {
                logger.NotOffered(failure); // it may be dead, and then its lease lapses
            }
        }

        return false;
    }
}
