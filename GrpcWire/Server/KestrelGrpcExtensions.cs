using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Fairway.GrpcWire;

/// <summary>
/// Endpoints for gRPC. They speak HTTP/2 only: on a cleartext port Kestrel cannot tell HTTP/1.1 from HTTP/2
/// and would refuse gRPC clients, so gRPC has a port of its own.
/// </summary>
public static class KestrelGrpcExtensions
{
    /// <summary>Listens for gRPC.</summary>
    /// <param name="kestrel">The server's options.</param>
    /// <param name="endpoint">Address and port; port 0 takes a free one.</param>
    /// <param name="configure">More for this endpoint, such as <c>UseHttps</c>.</param>
    public static void UseGrpcEndpoint(
        this KestrelServerOptions kestrel, IPEndPoint endpoint, Action<ListenOptions>? configure = null) =>
        kestrel.Listen(endpoint, listen =>
        {
            listen.UseGrpcEndpoint();
            configure?.Invoke(listen);
        });

    /// <summary>Makes this endpoint one for gRPC.</summary>
    public static void UseGrpcEndpoint(this ListenOptions listen) => listen.Protocols = HttpProtocols.Http2;
}
