using Microsoft.Extensions.Options;

namespace Fairway.Grains.Streams;

/// <summary>What all grains of this process buffer.</summary>
internal sealed class StreamMemory(IOptions<StreamOptions> options)
{
    private long _bytes;
    private long _conversations;

    public long Bytes => Interlocked.Read(ref _bytes);

    public long Conversations => Interlocked.Read(ref _conversations);

    /// <summary>Whether no new request is taken until something is freed; answers that have begun go on.</summary>
    public bool IsFull => Bytes >= options.Value.MaxTotalBytes;

    public void Changed(long bytes, long conversations)
    {
        Interlocked.Add(ref _bytes, bytes);
        Interlocked.Add(ref _conversations, conversations);
    }
}
