namespace Fairway.GrpcWire;

/// <summary>Where a handler writes the messages of a streamed response.</summary>
public interface IGrpcStreamWriter<T>
{
    /// <summary>Sends one message and returns when the connection has taken it, which waits for a client that reads slowly.</summary>
    /// <exception cref="GrpcException">RESOURCE_EXHAUSTED: the message is above the limit.</exception>
    /// <exception cref="OperationCanceledException">The client is gone, the deadline passed, or the token was cancelled.</exception>
    ValueTask WriteAsync(T message, CancellationToken ct = default);
}
