using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using Fairway.GrpcWire.Wire;
using Google.Protobuf;

namespace Fairway.GrpcWire.Client;

/// <summary>One call as the client sees it, whatever its shape: request, deadline, messages, status.</summary>
internal sealed class ClientCall : IDisposable
{
    // Longer timers do not exist; nobody waits for them either.
    private static readonly TimeSpan MaxTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly GrpcChannel _channel;
    private readonly HttpRequestMessage _request;
    private readonly CancellationTokenSource _cancel;
    private readonly TimeSpan? _deadline;
    private readonly ITimer? _timer;
    private readonly Lock _gate = new();
    private HttpResponseMessage? _response;
    private PipeReader? _body;
    private FrameReader? _frames;
    private volatile bool _deadlinePassed;
    private bool _finished;
    private bool _disposed;

    public ClientCall(GrpcChannel channel, string path, HttpContent content, GrpcCallOptions? options, CancellationToken ct)
    {
        _channel = channel;
        _deadline = options?.Deadline;
        _request = CreateRequest(new Uri(channel.Address, path), content, options);
        _cancel = CancellationTokenSource.CreateLinkedTokenSource(ct, channel.Disposed);
        Cancelled = _cancel.Token;
        if (_deadline is { } deadline && deadline > TimeSpan.Zero && deadline <= MaxTimer)
        {
            _timer = channel.Options.Time.CreateTimer(
                static call => ((ClientCall)call!).OnDeadline(), this, deadline, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Fires when the call is cancelled, its deadline passes, or it is disposed.</summary>
    public CancellationToken Cancelled { get; }

    /// <summary>The status other than OK with which the call ended, if it did.</summary>
    public GrpcException? Outcome { get; private set; }

    /// <summary>Metadata after the messages, once the call ended.</summary>
    public GrpcMetadata Trailers { get; private set; } = [];

    /// <summary>Sends the request and returns when the server's headers are here.</summary>
    public async Task StartAsync()
    {
        try
        {
            if (_deadline <= TimeSpan.Zero)
            {
                _deadlinePassed = true;
                throw new OperationCanceledException();
            }

            _response = await _channel.SendAsync(_request, Cancelled);
            await ReadHeadAsync(_response);
        }
        catch (Exception e)
        {
            _response?.Dispose();
            throw Outcome ??= Translate(e);
        }
    }

    /// <summary>The next message; null after the last one of a call that ended with OK.</summary>
    public async ValueTask<T?> ReadAsync<T>(MessageParser<T> parser)
        where T : class, IMessage<T>
    {
        try
        {
            if (Outcome != null)
            {
                throw Outcome;
            }

            if (_finished)
            {
                return null;
            }

            if (await ReadFrameAsync(parser) is { } message)
            {
                return message;
            }

            _finished = true;
            Finish(_response!.TrailingHeaders);
            await _body!.CompleteAsync();
            return null;
        }
        catch (Exception e)
        {
            throw Outcome ??= Translate(e);
        }
    }

    /// <summary>The status that stands for what went wrong below.</summary>
    public GrpcException Translate(Exception cause) => cause switch
    {
        GrpcException known => known,
        _ when _deadlinePassed => new(GrpcStatus.DeadlineExceeded, "The deadline of the call passed.", inner: cause),
        _ when Cancelled.IsCancellationRequested => new(GrpcStatus.Cancelled, "The call was cancelled.", inner: cause),
        _ when Find<HttpProtocolException>(cause) is { } reset && !MayBeLostPing(reset) =>
            new(StatusMapping.FromHttp2Error(reset.ErrorCode), reset.Message, inner: cause),
        _ => new(GrpcStatus.Unavailable, cause.GetBaseException().Message, inner: cause),
    };

    /// <summary>Resets the call unless it is over.</summary>
    public void Cancel()
    {
        try
        {
            _cancel.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The call ended at the same moment.
        }
    }

    /// <summary>Ends the call: one that is not finished is reset, which the server sees as cancelled.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        _timer?.Dispose();
        _response?.Dispose();
        _cancel.Cancel();
        _cancel.Dispose();
        _request.Dispose();
    }

    private static HttpRequestMessage CreateRequest(Uri address, HttpContent content, GrpcCallOptions? options)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("grpc-fairway", "0.1"));
        request.Headers.Add(Wire.Headers.AcceptEncoding, Wire.Headers.Identity);
        if (options?.Deadline is { } deadline && deadline > TimeSpan.Zero)
        {
            request.Headers.Add(Wire.Headers.Timeout, GrpcTimeout.Format(deadline));
        }

        foreach (var (name, value) in options?.Headers ?? [])
        {
            // HttpClient keeps some names (expires, allow, ...) with the content; on the wire they are the same.
            _ = request.Headers.TryAddWithoutValidation(name, value)
                || content.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    private async Task ReadHeadAsync(HttpResponseMessage response)
    {
        if (response.Headers.NonValidated.Contains(Wire.Headers.Status))
        {
            // Trailers-only: the status came in the place of the headers, and there are no messages.
            _finished = true;
            Finish(response.Headers);
            return;
        }

        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new GrpcException(
                StatusMapping.FromHttp(response.StatusCode), $"The server answered with HTTP status {(int)response.StatusCode}.");
        }

        var contentType = response.Content.Headers.NonValidated.TryGetValues("content-type", out var types) ? types.ToString() : null;
        if (!Wire.Headers.IsGrpc(contentType))
        {
            throw new GrpcException(GrpcStatus.Unknown, $"The server answered with content type '{contentType}', not gRPC.");
        }

        var encoding = response.Headers.NonValidated.TryGetValues(Wire.Headers.Encoding, out var encodings) ? encodings.ToString() : null;
        _body = PipeReader.Create(await response.Content.ReadAsStreamAsync(Cancelled));
        _frames = new FrameReader(_body, _channel.Options.MaxMessageBytes, encoding, GrpcStatus.Internal);
    }

    private async ValueTask<T?> ReadFrameAsync<T>(MessageParser<T> parser)
        where T : class, IMessage<T>
    {
        try
        {
            return await _frames!.ReadAsync(parser, Cancelled);
        }
        catch (GrpcException) when (_frames!.Ended)
        {
            // A server that fails inside a message says why in its trailers.
            _finished = true;
            Finish(_response!.TrailingHeaders);
            throw;
        }
    }

    private void Finish(HttpHeaders last)
    {
        Trailers = ToMetadata(last);
        if (!last.NonValidated.TryGetValues(Wire.Headers.Status, out var status))
        {
            throw new GrpcException(GrpcStatus.Unknown, "The server ended the call without a status.", Trailers);
        }

        var text = status.ToString();
        var code = StatusMapping.FromHeader(text);
        if (code == GrpcStatus.Ok)
        {
            return;
        }

        var message = last.NonValidated.TryGetValues(Wire.Headers.Message, out var messages)
            ? StatusText.Decode(messages.ToString())
            : string.Empty;
        if (code == GrpcStatus.Unknown && text != "2")
        {
            message = $"Status '{text}' is not of gRPC. {message}";
        }

        throw new GrpcException(code, message, Trailers);
    }

    private static GrpcMetadata ToMetadata(HttpHeaders headers)
    {
        var metadata = new GrpcMetadata();
        foreach (var (name, values) in headers.NonValidated)
        {
            foreach (var value in values)
            {
                metadata.AddReceived(name, value);
            }
        }

        return metadata;
    }

    // HttpClient reports an unanswered ping as its own PROTOCOL_ERROR, which only its text tells from a server's.
    private bool MayBeLostPing(HttpProtocolException e) => e.ErrorCode == 1 && _channel.Options.KeepAlivePingDelay != null;

    private static T? Find<T>(Exception? cause)
        where T : Exception
    {
        while (cause is not (null or T))
        {
            cause = cause.InnerException;
        }

        return cause as T;
    }

    private void OnDeadline()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _deadlinePassed = true;
        }

        Cancel();
    }
}
