using Microsoft.AspNetCore.Http;

namespace Fairway.GrpcWire;

/// <summary>One call as its handler sees it.</summary>
public sealed class GrpcServerContext
{
    private readonly TimeProvider _time;

    internal GrpcServerContext(
        HttpContext http, GrpcMetadata requestHeaders, DateTimeOffset? deadline, TimeProvider time, CancellationToken cancellation)
    {
        Http = http;
        RequestHeaders = requestHeaders;
        Deadline = deadline;
        Cancellation = cancellation;
        _time = time;
    }

    /// <summary>The request below: connection, services, user. Its bodies belong to the transport.</summary>
    public HttpContext Http { get; }

    public GrpcMetadata RequestHeaders { get; }

    /// <summary>Sent with the status, whatever it is.</summary>
    public GrpcMetadata ResponseTrailers { get; } = [];

    /// <summary>Fires when the client resets the call or is gone, and when the deadline passes.</summary>
    public CancellationToken Cancellation { get; }

    /// <summary>When the client gives up, on this server's clock; null for never.</summary>
    public DateTimeOffset? Deadline { get; }

    /// <summary>Time left until <see cref="Deadline"/>, never negative; null for no deadline.</summary>
    public TimeSpan? Remaining =>
        Deadline is not { } deadline ? null : TimeSpan.FromTicks(Math.Max(0, (deadline - _time.GetUtcNow()).Ticks));
}
