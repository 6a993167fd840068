using System.Globalization;
using System.Net;

namespace Fairway.GrpcWire.Wire;

/// <summary>How gRPC reads what is not a gRPC status (the protocol's http-grpc-status-mapping and HTTP/2 error tables).</summary>
internal static class StatusMapping
{
    public static GrpcStatus FromHttp(HttpStatusCode status) => status switch
    {
        HttpStatusCode.BadRequest => GrpcStatus.Internal,
        HttpStatusCode.Unauthorized => GrpcStatus.Unauthenticated,
        HttpStatusCode.Forbidden => GrpcStatus.PermissionDenied,
        HttpStatusCode.NotFound => GrpcStatus.Unimplemented,
        HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway
            or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => GrpcStatus.Unavailable,
        _ => GrpcStatus.Unknown,
    };

    /// <summary>The error code of a RST_STREAM or GOAWAY.</summary>
    public static GrpcStatus FromHttp2Error(long code) => code switch
    {
        5 => GrpcStatus.Unknown, // STREAM_CLOSED has no mapping
        7 => GrpcStatus.Unavailable, // REFUSED_STREAM: not processed, safe to retry
        8 => GrpcStatus.Cancelled,
        11 => GrpcStatus.ResourceExhausted, // ENHANCE_YOUR_CALM
        12 => GrpcStatus.PermissionDenied, // INADEQUATE_SECURITY
        _ => GrpcStatus.Internal,
    };

    /// <summary>A number outside the table is UNKNOWN.</summary>
    public static GrpcStatus FromHeader(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= (int)GrpcStatus.Unauthenticated
            ? (GrpcStatus)number
            : GrpcStatus.Unknown;
}
