using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Fairway.GrpcWire.Client;
using Google.Protobuf;

namespace Fairway.GrpcWire;

/// <summary>
/// Calls to one gRPC server: <c>http://</c> speaks HTTP/2 over cleartext with prior knowledge, <c>https://</c>
/// over TLS. Connections are opened when needed, shared by all calls, and opened anew after a loss.
/// Every failure, of the network, of the server or by the caller's token, is a <see cref="GrpcException"/>.
/// </summary>
public sealed class GrpcChannel : IDisposable
{
    private readonly HttpMessageInvoker _invoker;
    private readonly CancellationTokenSource _disposed = new();
    private long _connections;

    /// <exception cref="ArgumentException">The address is not an absolute http or https URI.</exception>
    public GrpcChannel(Uri address, GrpcChannelOptions? options = null)
    {
        if (!address.IsAbsoluteUri || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps))
        {
            throw new ArgumentException($"'{address}' is not an http or https address.", nameof(address));
        }

        Address = address;
        Options = options ?? new GrpcChannelOptions();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Options.MaxMessageBytes, nameof(options));
        var handler = Options.Handler ?? CreateHandler();
        _invoker = new HttpMessageInvoker(Options.Wrap?.Invoke(handler) ?? handler, disposeHandler: Options.Handler is null);
    }

    public Uri Address { get; }

    /// <summary>How many connections were made so far; those of a handler of the caller's are not counted.</summary>
    public long Connections => Interlocked.Read(ref _connections);

    internal GrpcChannelOptions Options { get; }

    internal CancellationToken Disposed => _disposed.Token;

    /// <summary>One message out, one back.</summary>
    /// <exception cref="GrpcException">The call did not end with OK and exactly one message.</exception>
    public async Task<TResponse> UnaryAsync<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method,
        TRequest request,
        GrpcCallOptions? options = null,
        CancellationToken ct = default)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new()
    {
        using var content = new MessageContent(request, Options.MaxMessageBytes);
        using var call = new ClientCall(this, method.Path, content, options, ct);
        await call.StartAsync();
        var response = await call.ReadAsync(method.Responses)
            ?? throw new GrpcException(GrpcStatus.Internal, "The server ended the call with OK but without a message.");
        return await call.ReadAsync(method.Responses) is null
            ? response
            : throw new GrpcException(GrpcStatus.Internal, "The server sent more than one message to a unary call.");
    }

    /// <summary>
    /// One message out, any number back. The call starts with the enumeration; leaving it early cancels the call.
    /// </summary>
    /// <exception cref="GrpcException">From the enumeration: the call did not end with OK.</exception>
    public async IAsyncEnumerable<TResponse> ServerStreaming<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method,
        TRequest request,
        GrpcCallOptions? options = null,
        [EnumeratorCancellation] CancellationToken ct = default)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new()
    {
        using var content = new MessageContent(request, Options.MaxMessageBytes);
        using var call = new ClientCall(this, method.Path, content, options, ct);
        await call.StartAsync();
        while (await call.ReadAsync(method.Responses) is { } response)
        {
            yield return response;
        }
    }

    /// <summary>Messages both ways at once. The call is under way when this returns; dispose it. The token cancels it at any time.</summary>
    public GrpcDuplexCall<TRequest, TResponse> Duplex<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method,
        GrpcCallOptions? options = null,
        CancellationToken ct = default)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new()
    {
        var content = new DuplexContent();
        return new(method, new ClientCall(this, method.Path, content, options, ct), content, Options.MaxMessageBytes);
    }

    /// <summary>Closes the connections; calls under way end in CANCELLED.</summary>
    public void Dispose()
    {
        if (_disposed.IsCancellationRequested)
        {
            return; // a container disposes what it knows by two names twice
        }

        _disposed.Cancel();
        _invoker.Dispose();
        _disposed.Dispose();
    }

    internal Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct) =>
        _invoker.SendAsync(request, ct);

    private SocketsHttpHandler CreateHandler()
    {
        var options = Options;
        var handler = new SocketsHttpHandler
        {
            // A server's limit of streams a connection (100 in Kestrel) must not hold back further calls.
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = options.ConnectTimeout,
            ConnectCallback = ConnectAsync,
            KeepAlivePingDelay = options.KeepAlivePingDelay ?? Timeout.InfiniteTimeSpan,
            KeepAlivePingTimeout = options.KeepAlivePingTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
        };
        handler.SslOptions.RemoteCertificateValidationCallback = options.ServerCertificateValidation;
        handler.SslOptions.ClientCertificates = options.ClientCertificates;
        return handler;
    }

    /// <summary>As the handler does it by itself, and counted.</summary>
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, ct);
            Interlocked.Increment(ref _connections);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
