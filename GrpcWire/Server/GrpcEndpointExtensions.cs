using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Fairway.GrpcWire.Server;
using Fairway.GrpcWire.Wire;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Fairway.GrpcWire;

/// <summary>
/// gRPC methods as endpoints. They need an HTTP/2 endpoint (<see cref="KestrelGrpcExtensions"/>). A handler's
/// <see cref="GrpcException"/> becomes the status of the call; any other exception is logged and becomes UNKNOWN
/// without its text. When the deadline passes, DEADLINE_EXCEEDED is sent at once and the handler's token fires.
/// </summary>
public static class GrpcEndpointExtensions
{
    // One name for all paths that a client may make up, so that it cannot make up time series.
    private const string OtherMethods = "other";

    /// <summary>One message in, one out.</summary>
    public static IEndpointConventionBuilder MapGrpcUnary<TRequest, TResponse>(
        this IEndpointRouteBuilder endpoints,
        GrpcMethod<TRequest, TResponse> method,
        Func<TRequest, GrpcServerContext, Task<TResponse>> handler)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        Map(endpoints, method.Path, async call =>
        {
            var request = await call.ReadOnlyAsync(method.Requests);
            var response = await handler(request, call.Context);
            await call.WriteAsync(response, flush: false, CancellationToken.None);
        });

    /// <summary>One message in, any number out.</summary>
    public static IEndpointConventionBuilder MapGrpcServerStreaming<TRequest, TResponse>(
        this IEndpointRouteBuilder endpoints,
        GrpcMethod<TRequest, TResponse> method,
        Func<TRequest, IGrpcStreamWriter<TResponse>, GrpcServerContext, Task> handler)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        Map(endpoints, method.Path, async call =>
        {
            var request = await call.ReadOnlyAsync(method.Requests);
            await handler(request, new StreamWriter<TResponse>(call), call.Context);
        });

    /// <summary>
    /// Messages both ways at once. The requests are enumerated once; the enumeration ends when the client has
    /// completed its side, and throws <see cref="OperationCanceledException"/> when the client is gone.
    /// </summary>
    public static IEndpointConventionBuilder MapGrpcDuplex<TRequest, TResponse>(
        this IEndpointRouteBuilder endpoints,
        GrpcMethod<TRequest, TResponse> method,
        Func<IAsyncEnumerable<TRequest>, IGrpcStreamWriter<TResponse>, GrpcServerContext, Task> handler)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        Map(endpoints, method.Path, call =>
            handler(ReadAllAsync(call, method.Requests), new StreamWriter<TResponse>(call), call.Context));

    /// <summary>Answers gRPC calls to any other path with UNIMPLEMENTED; what is not gRPC gets 404.</summary>
    public static IEndpointConventionBuilder MapGrpcUnimplementedFallback(this IEndpointRouteBuilder endpoints)
    {
        var settings = Settings(endpoints.ServiceProvider);
        return endpoints.MapFallback("{**path}", http =>
        {
            if (!Headers.IsGrpc(http.Request.ContentType))
            {
                http.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            }

            return ServerCall.HandleAsync(http, OtherMethods, settings, static call => throw new GrpcException(
                GrpcStatus.Unimplemented, $"There is no method {call.Context.Http.Request.Path}."));
        });
    }

    private static IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints, string path, Func<ServerCall, Task> body)
    {
        var settings = Settings(endpoints.ServiceProvider);
        return endpoints.MapPost(path, http => ServerCall.HandleAsync(http, path, settings, body));
    }

    private static ServerSettings Settings(IServiceProvider services)
    {
        var options = services.GetService<IOptions<GrpcServerOptions>>()?.Value ?? new GrpcServerOptions();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxMessageBytes, nameof(options.MaxMessageBytes));
        return new ServerSettings(
            options.MaxMessageBytes,
            services.GetService<TimeProvider>() ?? TimeProvider.System,
            services.GetService<ILoggerFactory>()?.CreateLogger("Fairway.GrpcWire") ?? NullLogger.Instance,
            services.GetService<IMeterFactory>() is { } meters ? new GrpcServerMetrics(meters) : null);
    }

    private static async IAsyncEnumerable<T> ReadAllAsync<T>(
        ServerCall call, MessageParser<T> parser, [EnumeratorCancellation] CancellationToken ct = default)
        where T : class, IMessage<T>
    {
        while (await call.ReadAsync(parser, ct) is { } message)
        {
            yield return message;
        }
    }

    private sealed class StreamWriter<T>(ServerCall call) : IGrpcStreamWriter<T>
        where T : IMessage
    {
        public ValueTask WriteAsync(T message, CancellationToken ct = default) => call.WriteAsync(message, flush: true, ct);
    }
}
