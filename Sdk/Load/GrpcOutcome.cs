using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Fairway.Sdk.Load;

/// <summary>
/// How a gRPC call ended: its response is 200 whatever came of it, and <c>grpc-status</c> stands in the trailers, or in the headers
/// where there is no message.
/// </summary>
internal static class GrpcOutcome
{
    private const string Header = "grpc-status";

    /// <summary>
    /// Whether the server failed, as in OpenTelemetry's conventions for gRPC servers with RESOURCE_EXHAUSTED added: one that is full
    /// must not attract by refusing fast. The other codes tell of the caller or of the data (INVALID_ARGUMENT, NOT_FOUND,
    /// ALREADY_EXISTS, PERMISSION_DENIED, UNAUTHENTICATED, FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, CANCELLED) and are no errors.
    /// </summary>
    public static bool IsFailure(HttpResponse response) =>
        response.ContentType is { } type
        && type.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase)
        && Status(response) is "2" or "4" or "8" or "12" or "13" or "14" or "15";

    private static string? Status(HttpResponse response) =>
        response.HttpContext.Features.Get<IHttpResponseTrailersFeature>()?.Trailers is { } trailers
        && trailers.TryGetValue(Header, out var trailer)
            ? trailer.ToString()
            : response.Headers.TryGetValue(Header, out var header) ? header.ToString() : null;
}
