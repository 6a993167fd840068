using Fairway.GrainInterfaces.Streams;
using Fairway.Sdk.RabbitMq;

namespace Fairway.Gateway.Jobs.RabbitMq;

/// <summary>What to do with a delivery.</summary>
internal enum DeliveryFate
{
    /// <summary>A job that this process does not have.</summary>
    Run,

    /// <summary>Its job still runs here: the delivery it came with is void, and this one takes its place.</summary>
    Attached,

    /// <summary>Its job ended here and the broker did not hear of it, or it stands in the queue twice: acknowledge it.</summary>
    Done,
}

/// <summary>
/// The jobs of this process by user and version. A lost connection makes the broker hand its jobs out again; one that comes back
/// here while it runs, or after it ended, must not be run once more.
/// </summary>
internal sealed class HeldJobs
{
    /// <summary>Ended jobs whose acknowledgement was lost; more than that cannot have been under way.</summary>
    private const int MaxEnded = 100_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<(string User, long Version), HeldJob> _jobs = [];
    private readonly Queue<(string User, long Version)> _ended = new();

    /// <param name="depth">Of the queue that it was delivered from.</param>
    public (DeliveryFate Fate, HeldJob Job) Take(StreamJob job, BrokerDelivery delivery, QueueDepth depth)
    {
        lock (_gate)
        {
            if (!_jobs.TryGetValue((job.User, job.Version), out var held))
            {
                return (DeliveryFate.Run, _jobs[(job.User, job.Version)] = new HeldJob(job, delivery, depth));
            }

            if (held.HasEnded)
            {
                _jobs.Remove(held.Id);
                return (DeliveryFate.Done, held);
            }

            if (held.Delivery.IsLive)
            {
                return (DeliveryFate.Done, held);
            }

            held.Delivery = delivery;
            return (DeliveryFate.Attached, held);
        }
    }

    public HeldJob? Find(StreamJob job) => Find((job.User, job.Version));

    public HeldJob? Find((string User, long Version) id)
    {
        lock (_gate)
        {
            return _jobs.GetValueOrDefault(id);
        }
    }

    /// <summary>Gives the job up where its delivery is void, and so comes again.</summary>
    public bool DropIfVoid(HeldJob job)
    {
        lock (_gate)
        {
            return !job.Delivery.IsLive && _jobs.Remove(job.Id);
        }
    }

    public void Drop(HeldJob job)
    {
        lock (_gate)
        {
            _jobs.Remove(job.Id);
        }
    }

    public async Task EndAsync(HeldJob job)
    {
        BrokerDelivery delivery;
        lock (_gate)
        {
            job.HasEnded = true;
            delivery = job.Delivery;
        }

        if (await delivery.AcknowledgeAsync())
        {
            Drop(job);
            return;
        }

        lock (_gate)
        {
            _ended.Enqueue(job.Id);
            while (_ended.Count > MaxEnded)
            {
                if (_ended.Dequeue() is var oldest && _jobs.TryGetValue(oldest, out var known) && known.HasEnded)
                {
                    _jobs.Remove(oldest);
                }
            }
        }
    }
}

/// <summary>A job and the delivery that the broker waits to hear of.</summary>
internal sealed class HeldJob(StreamJob job, BrokerDelivery delivery, QueueDepth depth)
{
    /// <summary>
    /// Attempts never go back: those of one delivery count up from the broker's own count times this, so a process that gets the job
    /// next is above them whatever happened here.
    /// </summary>
    public const int AttemptsADelivery = 1000;

    private volatile BrokerDelivery _delivery = delivery;
    private volatile bool _isMarked;

    public (string User, long Version) Id => (job.User, job.Version);

    public QueueDepth Depth => depth;

    /// <summary>Attempts of this process, from 1.</summary>
    public int Local { get; set; } = 1;

    public bool HasEnded { get; set; }

    /// <summary>Whether another process or an earlier connection may have run it.</summary>
    public bool WasReturned { get; } = delivery.Returns > 0 || delivery.Properties.Headers?.ContainsKey("x-death") == true;

    public BrokerDelivery Delivery
    {
        get => _delivery;
        set => _delivery = value;
    }

    public bool IsMarked
    {
        get => _isMarked;
        set => _isMarked = value;
    }

    public StreamJob Job { get; } = job with { Attempt = (delivery.Returns * AttemptsADelivery) + 1 };

    /// <summary>The job as the worker gets it.</summary>
    public StreamJob ToRun() => Job with { Attempt = Job.Attempt + Local - 1, MayHaveStored = IsMarked };
}
