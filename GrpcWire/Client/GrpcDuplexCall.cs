using System.Runtime.CompilerServices;
using Fairway.GrpcWire.Client;
using Fairway.GrpcWire.Wire;
using Google.Protobuf;

namespace Fairway.GrpcWire;

/// <summary>
/// A call with messages both ways at once. Any number of tasks may write; one reads. Every token given to
/// its methods cancels the whole call, since half a message cannot be taken back.
/// </summary>
public sealed class GrpcDuplexCall<TRequest, TResponse> : IAsyncDisposable
    where TRequest : class, IMessage<TRequest>, new()
    where TResponse : class, IMessage<TResponse>, new()
{
    private readonly GrpcMethod<TRequest, TResponse> _method;
    private readonly ClientCall _call;
    private readonly DuplexContent _content;
    private readonly int _maxMessageBytes;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly CancellationTokenRegistration _onCancel;
    private readonly Task _started;
    private bool _completed;
    private int _reading;

    internal GrpcDuplexCall(GrpcMethod<TRequest, TResponse> method, ClientCall call, DuplexContent content, int maxMessageBytes)
    {
        _method = method;
        _call = call;
        _content = content;
        _maxMessageBytes = maxMessageBytes;
        _onCancel = call.Cancelled.Register(() => content.Abort(new OperationCanceledException()));
        _started = StartAsync();
    }

    /// <summary>Metadata after the messages; empty until the call ended.</summary>
    public GrpcMetadata Trailers => _call.Trailers;

    /// <summary>Sends one message and returns when the connection has taken it, which waits for a peer that reads slowly.</summary>
    /// <exception cref="GrpcException">The call is over: with its status where that is known, else UNAVAILABLE, and reading tells the status.</exception>
    /// <exception cref="InvalidOperationException"><see cref="CompleteAsync"/> was called before.</exception>
    public async Task WriteAsync(TRequest message, CancellationToken ct = default)
    {
        var size = FrameWriter.Measure(message, _maxMessageBytes);
        using var cancel = ct.Register(_call.Cancel);
        await EnterAsync();
        try
        {
            if (_completed)
            {
                throw new InvalidOperationException("The request side of the call is completed.");
            }

            await SendAsync(message, size);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Ends the request side after the messages written; the responses go on.</summary>
    public async Task CompleteAsync()
    {
        await EnterAsync();
        _completed = true;
        _content.Complete();
        _writing.Release();
    }

    /// <summary>The responses up to the end of the call. May be enumerated once; leaving early leaves the call open.</summary>
    /// <exception cref="GrpcException">The call did not end with OK.</exception>
    public async IAsyncEnumerable<TResponse> ReadAllAsync([EnumeratorCancellation] CancellationToken ct = default)
    {
        if (Interlocked.Exchange(ref _reading, 1) != 0)
        {
            throw new InvalidOperationException("The responses of a call are read once.");
        }

        using var cancel = ct.Register(_call.Cancel);
        await _started;
        while (await _call.ReadAsync(_method.Responses) is { } response)
        {
            yield return response;
        }
    }

    /// <summary>Cancels the call unless it is over (the server sees a reset), and frees its stream.</summary>
    public async ValueTask DisposeAsync()
    {
        _call.Dispose();
        _content.Abort(new OperationCanceledException());
        await _onCancel.DisposeAsync();
        await _started.ContinueWith(static started => _ = started.Exception, TaskScheduler.Default);
    }

    private async Task StartAsync()
    {
        try
        {
            await _call.StartAsync();
        }
        catch (GrpcException e)
        {
            _content.Abort(e);
            throw;
        }
    }

    private async Task EnterAsync()
    {
        try
        {
            await _writing.WaitAsync(_call.Cancelled);
        }
        catch (OperationCanceledException e)
        {
            throw _call.Translate(e);
        }
    }

    private async Task SendAsync(TRequest message, int size)
    {
        try
        {
            var stream = await _content.Opened;
            await FrameWriter.WriteAsync(stream, message, size, _call.Cancelled);
            await stream.FlushAsync(_call.Cancelled);
        }
        catch (Exception e)
        {
            throw _call.Outcome ?? _call.Translate(e);
        }
    }
}
