namespace Fairway.GrpcWire.Wire;

/// <summary>Names and fixed values of gRPC over HTTP/2.</summary>
internal static class Headers
{
    public const string ContentType = "application/grpc";
    public const string Status = "grpc-status";
    public const string Message = "grpc-message";
    public const string Timeout = "grpc-timeout";
    public const string Encoding = "grpc-encoding";
    public const string AcceptEncoding = "grpc-accept-encoding";
    public const string Identity = "identity";

    /// <summary>application/grpc, with a codec suffix or parameters; gRPC-Web and others are not it.</summary>
    public static bool IsGrpc(string? contentType) =>
        contentType != null
        && contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == ContentType.Length || contentType[ContentType.Length] is '+' or ';');
}
