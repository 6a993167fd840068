using System.Net;
using System.Net.Http.Headers;
using Fairway.GrpcWire.Wire;
using Google.Protobuf;

namespace Fairway.GrpcWire.Client;

/// <summary>A request of exactly one message.</summary>
internal sealed class MessageContent : HttpContent
{
    private readonly IMessage _message;
    private readonly int _size;

    public MessageContent(IMessage message, int maxBytes)
    {
        _message = message;
        _size = FrameWriter.Measure(message, maxBytes);
        Headers.ContentType = new MediaTypeHeaderValue(Wire.Headers.ContentType);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        FrameWriter.WriteAsync(stream, _message, _size, cancellationToken);

    protected override bool TryComputeLength(out long length)
    {
        length = FrameWriter.PrefixLength + _size;
        return true;
    }
}
