using Fairway.GrpcWire.Wire;
using Google.Protobuf;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;

namespace Fairway.GrpcWire.Server;

/// <summary>What all methods of a server share.</summary>
internal sealed record ServerSettings(int MaxMessageBytes, TimeProvider Time, ILogger Logger, GrpcServerMetrics? Metrics);

/// <summary>One call as the server runs it, whatever its shape: deadline, messages, status.</summary>
internal sealed class ServerCall : IDisposable
{
    private static readonly TimeSpan MaxTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly HttpContext _http;
    private readonly ServerSettings _settings;
    private readonly CancellationTokenSource _cancel;
    private readonly FrameReader _frames;
    private readonly ServerResponse _response;
    private readonly ITimer? _timer;
    private volatile bool _deadlinePassed;
    private Task _deadlineEnd = Task.CompletedTask;

    private ServerCall(HttpContext http, ServerSettings settings, GrpcMetadata headers, TimeSpan? timeout)
    {
        _http = http;
        _settings = settings;
        _cancel = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        _response = new ServerResponse(http, settings.MaxMessageBytes);
        _frames = new FrameReader(
            http.Request.BodyReader,
            settings.MaxMessageBytes,
            http.Request.Headers[Wire.Headers.Encoding],
            unsupportedEncoding: GrpcStatus.Unimplemented);
        var now = settings.Time.GetUtcNow();
        Context = new GrpcServerContext(
            http, headers, timeout is { } span ? now + Min(span, DateTimeOffset.MaxValue - now) : null, settings.Time, _cancel.Token);
        if (timeout <= MaxTimer)
        {
            _timer = settings.Time.CreateTimer(
                static call => ((ServerCall)call!).OnDeadline(), this, timeout.Value, Timeout.InfiniteTimeSpan);
        }
    }

    public GrpcServerContext Context { get; }

    /// <summary>Answers one request: refuses what is not gRPC over HTTP/2, else runs the body and sends the status.</summary>
    public static async Task HandleAsync(HttpContext http, string method, ServerSettings settings, Func<ServerCall, Task> body)
    {
        if (!HttpProtocol.IsHttp2(http.Request.Protocol) && !HttpProtocol.IsHttp3(http.Request.Protocol))
        {
            http.Response.StatusCode = StatusCodes.Status426UpgradeRequired;
            http.Response.Headers.Upgrade = "h2c";
            return;
        }

        if (!Wire.Headers.IsGrpc(http.Request.ContentType))
        {
            http.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        LiftLimits(http);
        GrpcMetadata headers;
        TimeSpan? timeout;
        try
        {
            headers = ReadHeaders(http.Request);
            timeout = ReadTimeout(http.Request);
        }
        catch (GrpcException e)
        {
            using var refusal = new ServerResponse(http, settings.MaxMessageBytes);
            await refusal.EndAsync(e.Status, e.Detail, e.Trailers);
            return;
        }

        var started = settings.Time.GetTimestamp();
        using var call = new ServerCall(http, settings, headers, timeout);
        var status = await call.RunAsync(body);
        settings.Metrics?.Ended(method, status, settings.Time.GetElapsedTime(started));
    }

    /// <summary>The only message of a request.</summary>
    /// <exception cref="GrpcException">INTERNAL: there is none, or more than one, or it is malformed.</exception>
    public async Task<T> ReadOnlyAsync<T>(MessageParser<T> parser)
        where T : class, IMessage<T>
    {
        var message = await ReadAsync(parser)
            ?? throw new GrpcException(GrpcStatus.Internal, "The call has no request message.");
        return await ReadAsync(parser) is null
            ? message
            : throw new GrpcException(GrpcStatus.Internal, "The call has more than one request message.");
    }

    /// <summary>The next message of the request, or null after the last.</summary>
    public async ValueTask<T?> ReadAsync<T>(MessageParser<T> parser, CancellationToken ct = default)
        where T : class, IMessage<T>
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, Context.Cancellation);
        try
        {
            return await _frames.ReadAsync(parser, either.Token);
        }
        catch (Exception e) when (e is IOException or ConnectionAbortedException)
        {
            throw new OperationCanceledException("The client is gone.", e, Context.Cancellation);
        }
    }

    public async ValueTask WriteAsync(IMessage message, bool flush, CancellationToken ct)
    {
        if (!ct.CanBeCanceled)
        {
            await _response.WriteAsync(message, flush, Context.Cancellation);
            return;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, Context.Cancellation);
        await _response.WriteAsync(message, flush, either.Token);
    }

    public void Dispose()
    {
        _cancel.Dispose();
        _response.Dispose();
    }

    private async Task<GrpcStatus> RunAsync(Func<ServerCall, Task> body)
    {
        try
        {
            await body(this);
            await EndAsync(GrpcStatus.Ok, string.Empty, Context.ResponseTrailers);
            return _deadlinePassed ? GrpcStatus.DeadlineExceeded : GrpcStatus.Ok;
        }
        catch (Exception e)
        {
            return await FailAsync(e);
        }
        finally
        {
            if (_timer != null)
            {
                await _timer.DisposeAsync();
            }

            await _deadlineEnd;
        }
    }

    private async Task<GrpcStatus> FailAsync(Exception cause)
    {
        var path = _http.Request.Path.Value!;
        if (_deadlinePassed)
        {
            return GrpcStatus.DeadlineExceeded;
        }

        if (_http.RequestAborted.IsCancellationRequested)
        {
            Log.ClientGone(_settings.Logger, path);
            return GrpcStatus.Cancelled;
        }

        if (cause is GrpcException chosen)
        {
            Log.CallFailed(_settings.Logger, path, chosen.Status, chosen.Detail);
            GrpcMetadata trailers = [];
            trailers.AddAll(Context.ResponseTrailers);
            trailers.AddAll(chosen.Trailers);
            await EndAsync(chosen.Status, chosen.Detail, trailers);
            return chosen.Status;
        }

        // The text of an exception may hold what a client must not see.
        Log.HandlerFailed(_settings.Logger, path, cause);
        await EndAsync(GrpcStatus.Unknown, "The handler of the call failed.", Context.ResponseTrailers);
        return GrpcStatus.Unknown;
    }

    private async Task EndAsync(GrpcStatus status, string detail, GrpcMetadata trailers)
    {
        try
        {
            await _response.EndAsync(status, detail, trailers);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            Log.ClientGone(_settings.Logger, _http.Request.Path.Value!);
        }
    }

    private void OnDeadline()
    {
        _deadlinePassed = true;
        Log.DeadlinePassed(_settings.Logger, _http.Request.Path.Value!);

        _deadlineEnd = EndOnDeadlineAsync();
    }

    private async Task EndOnDeadlineAsync()
    {
        // First the token, so that a write that waits for a slow client lets go of the response.
        var cancelled = _cancel.CancelAsync();
        await EndAsync(GrpcStatus.DeadlineExceeded, "The deadline of the call passed.", Context.ResponseTrailers);
        try
        {
            await cancelled;
        }
        catch (AggregateException e)
        {
            Log.HandlerFailed(_settings.Logger, _http.Request.Path.Value!, e);
        }
    }

    private static void LiftLimits(HttpContext http)
    {
        // A stream may be idle for hours and long in sum; each message has its own limit.
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }
    }

    private static GrpcMetadata ReadHeaders(HttpRequest request)
    {
        var metadata = new GrpcMetadata();
        foreach (var (name, values) in request.Headers)
        {
            foreach (var value in values)
            {
                metadata.AddReceived(name, value);
            }
        }

        return metadata;
    }

    private static TimeSpan? ReadTimeout(HttpRequest request)
    {
        var text = request.Headers[Wire.Headers.Timeout];
        return text.Count == 0
            ? null
            : GrpcTimeout.Parse(text.ToString())
                ?? throw new GrpcException(GrpcStatus.Internal, $"The grpc-timeout '{text}' is malformed.");
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
