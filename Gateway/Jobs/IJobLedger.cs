namespace Fairway.Gateway.Jobs;

/// <summary>Idempotency keys, kept 24 h.</summary>
internal interface IIdempotencyStore
{
    /// <summary>As <see cref="IJobQueue.ReserveAsync"/>.</summary>
    Task<IdempotencyResult> ReserveAsync(string user, string key, ReadOnlyMemory<byte> bodyHash, CancellationToken cancellationToken);

    /// <summary>The key stands for this version from now on; durable when this returns.</summary>
    Task SettleAsync(IdempotencyReservation reservation, long version);
}

/// <summary>What has to be known of jobs beside the broker that carries them.</summary>
internal interface IJobLedger : IIdempotencyStore
{
    /// <summary>A frame of this version is about to be stored; durable when this returns, and kept 24 h.</summary>
    Task MarkFirstFrameAsync(string user, long version);

    /// <summary>Whether <see cref="MarkFirstFrameAsync"/> was called for the version, by whatever process shares this ledger.</summary>
    Task<bool> HasFirstFrameAsync(string user, long version);
}
