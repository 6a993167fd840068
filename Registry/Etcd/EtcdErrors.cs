using Fairway.GrpcWire;

namespace Fairway.Registry.Etcd;

/// <summary>etcd's statuses and messages as <see cref="RegistryException"/>.</summary>
internal static class EtcdErrors
{
    public const string InvalidToken = "etcdserver: invalid auth token";
    public const string UserEmpty = "etcdserver: user name is empty";
    public const string OldAuthRevision = "etcdserver: revision of auth store is old";
    public const string AuthOff = "etcdserver: authentication is not enabled";
    public const string PermissionDenied = "etcdserver: permission denied";

    public static RegistryException Translate(GrpcException e) => Translate(e.Status, e.Detail, 0, e);

    public static RegistryException Translate(GrpcStatus status, string message, long compactRevision, Exception? inner)
    {
        var error = status switch
        {
            GrpcStatus.OutOfRange when message.EndsWith("has been compacted", StringComparison.Ordinal) => RegistryError.Compacted,
            GrpcStatus.NotFound when message.EndsWith("lease not found", StringComparison.Ordinal) => RegistryError.LeaseGone,
            GrpcStatus.Unauthenticated => RegistryError.Unauthenticated,
            GrpcStatus.InvalidArgument when NeedsToken(status, message) || message.Contains("authentication failed", StringComparison.Ordinal) =>
                RegistryError.Unauthenticated,
            GrpcStatus.InvalidArgument or GrpcStatus.OutOfRange or GrpcStatus.NotFound or GrpcStatus.AlreadyExists
                or GrpcStatus.FailedPrecondition or GrpcStatus.PermissionDenied or GrpcStatus.ResourceExhausted
                or GrpcStatus.Unimplemented => RegistryError.Refused,
            _ => RegistryError.Away,
        };
        return new RegistryException(error, message, inner) { CompactRevision = compactRevision };
    }

    /// <summary>Whether the request was refused, unexecuted, for the lack of a valid token.</summary>
    public static bool NeedsToken(GrpcStatus status, string message) =>
        status == GrpcStatus.Unauthenticated || message is InvalidToken or UserEmpty or OldAuthRevision;
}
