using Fairway.GrainInterfaces.Streams;

namespace Fairway.Gateway.Jobs;

/// <summary>Requests on their way to a model. What <see cref="EnqueueAsync"/> has returned for is delivered until it is completed, also after a crash.</summary>
/// <remarks>
/// A post goes: <see cref="ReserveAsync"/> where it brings an idempotency key, <see cref="TryAdmit"/>, the grain's <c>Open</c>,
/// <see cref="EnqueueAsync"/>. A refusal on the way disposes what was taken.
/// </remarks>
public interface IJobQueue
{
    /// <summary>What a refused caller is told to wait.</summary>
    TimeSpan RetryAfter { get; }

    /// <summary>Jobs that wait for a worker, and places that were given out.</summary>
    int Waiting { get; }

    /// <summary>
    /// What the last process left behind, oldest first: jobs that are delivered again, and answers that had come to their end but may
    /// not have been acknowledged; of these <see cref="StreamJob.MayHaveStored"/> holds. Given once.
    /// </summary>
    IReadOnlyList<StreamJob> TakeLeftBehind() => [];

    /// <summary>
    /// How long after the start of this process jobs that were accepted before may still be on their way to it, unknown to any grain.
    /// Zero where <see cref="TakeLeftBehind"/> tells of all of them, or <see cref="FindAsync"/> does.
    /// </summary>
    TimeSpan CatchUp => TimeSpan.Zero;

    /// <summary>A place in the queue; null when it is full (429 <c>QUEUE_FULL</c>). Dispose it where no job comes to stand in it.</summary>
    /// <param name="lane">The lane of the job's label; null for none.</param>
    /// <exception cref="QueueAwayException">The queue's broker is away.</exception>
    JobSlot? TryAdmit(string? lane = null);

    /// <summary>Puts a job into its place; durable, with its idempotency key, when this returns. Takes slot and reservation over.</summary>
    /// <exception cref="QueueAwayException">The broker is not known to have it; the version must be withdrawn.</exception>
    Task EnqueueAsync(JobSlot slot, StreamJob job, IdempotencyReservation? reservation = null);

    /// <summary>
    /// A job that was accepted and will yet be answered, for a grain that lost it with its silo; null when it will not, or this queue
    /// cannot tell.
    /// </summary>
    ValueTask<StreamJob?> FindAsync(string user, long version) => default;

    /// <summary>The next job. Each delivery must end in <see cref="CompleteAsync"/> or <see cref="AbandonAsync"/>.</summary>
    ValueTask<StreamJob> DequeueAsync(CancellationToken cancellationToken);

    /// <summary>A frame of this job is about to be stored; durable when this returns. From now on its model is never run again.</summary>
    Task MarkFirstFrameAsync(StreamJob job, CancellationToken cancellationToken = default);

    /// <summary>The job came to an end.</summary>
    Task CompleteAsync(StreamJob job);

    /// <summary>The job could not be brought to an end; it is delivered again with a higher attempt.</summary>
    Task AbandonAsync(StreamJob job);

    /// <summary>
    /// Asks for an idempotency key of a user. The first of simultaneous callers gets the reservation, the others wait for what becomes
    /// of it: enqueued, theirs is a replay or a conflict; disposed, the next of them gets it. Kept 24 h.
    /// </summary>
    /// <param name="bodyHash">A cryptographic hash of the body's bytes.</param>
    Task<IdempotencyResult> ReserveAsync(string user, string key, ReadOnlyMemory<byte> bodyHash, CancellationToken cancellationToken);
}

/// <summary>A place in the queue that no job stands in yet.</summary>
public sealed class JobSlot(Action release) : IDisposable
{
    private Action? _release = release;

    /// <summary>Gives the place back, unless it was taken.</summary>
    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();

    internal void Take() => Interlocked.Exchange(ref _release, null);
}
