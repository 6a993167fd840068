using Fairway.GrpcWire;

namespace Fairway.Registry.Memory;

/// <summary>
/// A request that the store refuses, with the status and message that etcd uses for it (its package
/// <c>rpctypes</c>), so that etcd's clients recognise them.
/// </summary>
internal sealed class StoreException : Exception
{
    private StoreException(GrpcStatus status, string message)
        : base("etcdserver: " + message) => Status = status;

    public GrpcStatus Status { get; }

    /// <summary>The first revision still held, where history is gone.</summary>
    public long CompactRevision { get; private init; }

    public static StoreException KeyNotGiven() => new(GrpcStatus.InvalidArgument, "key is not provided");

    public static StoreException KeyNotFound() => new(GrpcStatus.InvalidArgument, "key not found");

    public static StoreException ValueGiven() => new(GrpcStatus.InvalidArgument, "value is provided");

    public static StoreException LeaseGiven() => new(GrpcStatus.InvalidArgument, "lease is provided");

    public static StoreException TooManyOperations() => new(GrpcStatus.InvalidArgument, "too many operations in txn request");

    public static StoreException DuplicateKey() => new(GrpcStatus.InvalidArgument, "duplicate key given in txn request");

    public static StoreException RequestTooLarge() => new(GrpcStatus.InvalidArgument, "request is too large");

    public static StoreException Compacted(long compactRevision) =>
        new(GrpcStatus.OutOfRange, "mvcc: required revision has been compacted") { CompactRevision = compactRevision };

    public static StoreException FutureRevision() => new(GrpcStatus.OutOfRange, "mvcc: required revision is a future revision");

    public static StoreException LeaseNotFound() => new(GrpcStatus.NotFound, "requested lease not found");

    public static StoreException LeaseExists() => new(GrpcStatus.FailedPrecondition, "lease already exists");

    public static StoreException LeaseTtlTooLarge() => new(GrpcStatus.OutOfRange, "too large lease TTL");
}
