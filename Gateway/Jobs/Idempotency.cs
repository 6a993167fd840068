namespace Fairway.Gateway.Jobs;

/// <summary>What became of a request for an idempotency key.</summary>
public enum IdempotencyOutcome
{
    /// <summary>The key is new, or its post was refused: go on, then enqueue or dispose the reservation.</summary>
    Reserved,

    /// <summary>The same body was answered before: answer the same again.</summary>
    Replay,

    /// <summary>The key was used for another body: 422.</summary>
    Conflict,
}

/// <param name="Version">The version of the first answer where this is a replay; else 0.</param>
/// <param name="Reservation">Where the caller is the first; else null.</param>
public sealed record IdempotencyResult(IdempotencyOutcome Outcome, long Version, IdempotencyReservation? Reservation);

/// <summary>A key that its first user holds until the post is accepted or refused.</summary>
public sealed class IdempotencyReservation : IDisposable
{
    private readonly Action<IdempotencyReservation> _release;

    internal IdempotencyReservation(string user, string key, ReadOnlyMemory<byte> bodyHash, Action<IdempotencyReservation> release)
    {
        (User, Key, BodyHash) = (user, key, bodyHash);
        _release = release;
    }

    internal string User { get; }

    internal string Key { get; }

    internal ReadOnlyMemory<byte> BodyHash { get; }

    /// <summary>The post was refused and is not recorded. Changes nothing once its job is enqueued.</summary>
    public void Dispose() => _release(this);
}
