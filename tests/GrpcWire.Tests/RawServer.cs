using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Fairway.GrpcWire.Tests;

/// <summary>A server that answers with whatever bytes and headers a test wants, right or wrong.</summary>
internal static class RawServer
{
    public static Task<TestServer> StartAsync(RequestDelegate answer) => TestServer.StartAsync(app => app.Run(answer));

    /// <summary>Answers with these body bytes and this status in the trailers; null for none.</summary>
    public static Task<TestServer> AnsweringAsync(byte[] body, string? status, string? encoding = null) => StartAsync(async http =>
    {
        http.Response.ContentType = "application/grpc";
        if (encoding != null)
        {
            http.Response.Headers["grpc-encoding"] = encoding;
        }

        await http.Response.StartAsync();
        await http.Response.Body.WriteAsync(body);
        if (status != null)
        {
            http.Response.AppendTrailer("grpc-status", status);
        }
    });
}
