namespace Fairway.GrpcWire;

/// <summary>
/// A call that did not end with OK. Clients get it from every call shape, for the caller's own
/// cancellation too (<see cref="GrpcStatus.Cancelled"/>); a server handler throws it to choose the status.
/// </summary>
public sealed class GrpcException : Exception
{
    /// <param name="status">Anything but OK.</param>
    /// <param name="message">The text that travels as <c>grpc-message</c>; the peer sees it.</param>
    /// <param name="trailers">Metadata that travels with the status.</param>
    /// <param name="inner">What caused it here; never sent.</param>
    public GrpcException(GrpcStatus status, string message, GrpcMetadata? trailers = null, Exception? inner = null)
        : base($"{status}: {message}", inner)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(status, GrpcStatus.Ok);
        Status = status;
        Detail = message;
        Trailers = trailers ?? [];
    }

    public GrpcStatus Status { get; }

    /// <summary>The peer's text, without the status in front.</summary>
    public string Detail { get; }

    public GrpcMetadata Trailers { get; }
}
