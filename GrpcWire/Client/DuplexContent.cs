using System.Net;
using System.Net.Http.Headers;

namespace Fairway.GrpcWire.Client;

/// <summary>A request whose messages are written while the response is read.</summary>
internal sealed class DuplexContent : HttpContent
{
    private readonly TaskCompletionSource<Stream> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public DuplexContent() => Headers.ContentType = new MediaTypeHeaderValue(Wire.Headers.ContentType);

    /// <summary>Where messages are written; completes when the connection has taken the request.</summary>
    public Task<Stream> Opened => _opened.Task;

    /// <summary>Ends the request side; the response goes on.</summary>
    public void Complete() => _completed.TrySetResult();

    /// <summary>Ends the request side because the call failed or was given up.</summary>
    public void Abort(Exception reason)
    {
        _opened.TrySetException(reason);
        _completed.TrySetCanceled();
        _ = _opened.Task.Exception; // nobody may be writing
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // Sends the headers now: the server may answer before the first message.
        await stream.FlushAsync(cancellationToken);
        if (!_opened.TrySetResult(stream))
        {
            // HttpClient repeats a request on another connection; messages written before would be lost.
            throw new IOException("The connection was lost and a stream of messages cannot be sent again.");
        }

        await _completed.Task.WaitAsync(cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
