using System.Net;

namespace Fairway.Sdk.Client;

/// <summary>A response's content that tells once when it has been read to its end or given up.</summary>
internal sealed class CountedContent : HttpContent
{
    private readonly HttpContent _inner;
    private Action<bool>? _ended;

    /// <param name="inner">The response's own content.</param>
    /// <param name="ended">Called once; true where reading it broke.</param>
    public CountedContent(HttpContent inner, Action<bool> ended)
    {
        _inner = inner;
        _ended = ended;
        foreach (var header in inner.Headers.NonValidated)
        {
            Headers.TryAddWithoutValidation(header.Key, header.Value);
        }
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        try
        {
            await _inner.CopyToAsync(stream, context, cancellationToken);
            End(broken: false);
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            End(broken: true);
            throw;
        }
    }

    protected override Task<Stream> CreateContentReadStreamAsync() => CreateContentReadStreamAsync(CancellationToken.None);

    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
        new CountedStream(await _inner.ReadAsStreamAsync(cancellationToken), End);

    protected override bool TryComputeLength(out long length)
    {
        length = _inner.Headers.ContentLength ?? 0;
        return _inner.Headers.ContentLength is not null;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            End(broken: false);
            _inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private void End(bool broken) => Interlocked.Exchange(ref _ended, null)?.Invoke(broken);

    /// <summary>The content's stream; its end, its failure or its disposal is the content's.</summary>
    private sealed class CountedStream(Stream inner, Action<bool> ended) : Stream
    {
        public override bool CanRead => inner.CanRead;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            try
            {
                return Counted(inner.Read(buffer), buffer.Length);
            }
            catch (IOException)
            {
                ended(true);
                throw;
            }
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                return Counted(await inner.ReadAsync(buffer, cancellationToken), buffer.Length);
            }
            catch (IOException)
            {
                ended(true);
                throw;
            }
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                ended(false);
                inner.Dispose();
            }

            base.Dispose(disposing);
        }

        private int Counted(int read, int asked)
        {
            if (read == 0 && asked > 0)
            {
                ended(false);
            }

            return read;
        }
    }
}
