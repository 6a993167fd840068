using Fairway.GrpcWire.Wire;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace Fairway.GrpcWire.Server;

/// <summary>
/// The response side of a call: messages, then exactly one status. What comes after the status is refused,
/// so a deadline may end the call while its handler still runs.
/// </summary>
internal sealed class ServerResponse(HttpContext http, int maxMessageBytes) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private bool _ended;

    /// <summary>Writes one message; with <paramref name="flush"/> it leaves at once.</summary>
    public async ValueTask WriteAsync(IMessage message, bool flush, CancellationToken ct)
    {
        var size = FrameWriter.Measure(message, maxMessageBytes);
        await _gate.WaitAsync(ct);
        try
        {
            ct.ThrowIfCancellationRequested();
            if (_ended)
            {
                throw new OperationCanceledException("The call is over.");
            }

            await StartAsync(ct);
            FrameWriter.Write(http.Response.BodyWriter, message, size);
            if (flush)
            {
                var flushed = await http.Response.BodyWriter.FlushAsync(ct);
                ct.ThrowIfCancellationRequested();
                if (flushed.IsCompleted)
                {
                    // The stream is reset, and its token has not fired yet: what follows would be written to nobody.
                    throw new OperationCanceledException("The client left.");
                }
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Writes the status unless one was written, and ends the response.</summary>
    public async Task EndAsync(GrpcStatus status, string detail, GrpcMetadata trailers)
    {
        await _gate.WaitAsync();
        try
        {
            if (_ended)
            {
                return;
            }

            _ended = true;
            if (status == GrpcStatus.Ok)
            {
                await StartAsync(http.RequestAborted);
            }

            WriteStatus(status, detail, trailers);
            await http.Response.CompleteAsync();
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    private async ValueTask StartAsync(CancellationToken ct)
    {
        if (!http.Response.HasStarted)
        {
            SetHeaders();
            await http.Response.StartAsync(ct);
        }
    }

    private void SetHeaders()
    {
        http.Response.ContentType = Headers.ContentType;
        http.Response.Headers[Headers.AcceptEncoding] = Headers.Identity;
    }

    private void WriteStatus(GrpcStatus status, string detail, GrpcMetadata trailers)
    {
        if (!http.Response.HasStarted)
        {
            // Trailers-only: nothing was sent, so the status takes the place of the headers.
            SetHeaders();
            Put(http.Response.Headers.Append);
        }
        else
        {
            Put(http.Response.AppendTrailer);
        }

        void Put(Action<string, Microsoft.Extensions.Primitives.StringValues> append)
        {
            append(Headers.Status, ((int)status).ToString());
            if (detail.Length > 0)
            {
                append(Headers.Message, StatusText.Encode(detail));
            }

            foreach (var (name, value) in trailers)
            {
                append(name, value);
            }
        }
    }
}
