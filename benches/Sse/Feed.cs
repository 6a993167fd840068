using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Fairway.Sse;

/// <summary>A model in this process whose every byte the bench sends itself. A request names its stream in the field <c>feed</c>.</summary>
internal sealed class Feed : IAsyncDisposable
{
    /// <summary>Bytes of one chunk.</summary>
    public const int ChunkBytes = 100;

    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<int, Stream> _streams = new();
    private long _calls;

    private Feed(WebApplication app) => _app = app;

    public Uri Url => new(_app.Urls.First());

    /// <summary>Calls so far.</summary>
    public long Calls => Interlocked.Read(ref _calls);

    public int Open => _streams.Count;

    public static async Task<Feed> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MinResponseDataRate = null);
        var app = builder.Build();
        var feed = new Feed(app);
        app.MapPost("/v1/chat/completions", feed.ServeAsync);
        await app.StartAsync();
        return feed;
    }

    /// <summary>A chunk with the time at which it is sent.</summary>
    public static byte[] Chunk(ReadOnlySpan<char> more = default)
    {
        var head = $$"""{"t":"{{Stopwatch.GetTimestamp():D16}}"{{more}},"p":" """.TrimEnd();
        return Encoding.ASCII.GetBytes($$"""{{head}}{{new string('x', Math.Max(0, ChunkBytes - head.Length - 2))}}"}""");
    }

    public void Send(int id, ReadOnlySpan<byte> chunk)
    {
        if (_streams.TryGetValue(id, out var stream))
        {
            stream.Send("data: "u8, chunk);
        }
    }

    public void End(int id)
    {
        if (_streams.TryRemove(id, out var stream))
        {
            stream.Send("data: "u8, "[DONE]"u8);
            stream.Ended.TrySetResult();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var id in _streams.Keys)
        {
            End(id);
        }

        await _app.DisposeAsync();
    }

    private async Task ServeAsync(HttpContext context)
    {
        Interlocked.Increment(ref _calls);
        using var body = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted);
        context.Response.ContentType = "text/event-stream";
        if (!body.RootElement.TryGetProperty("feed", out var id))
        {
            await context.Response.WriteAsync($"data: {Encoding.ASCII.GetString(Chunk())}\n\ndata: [DONE]\n\n", context.RequestAborted);
            return;
        }

        await context.Response.Body.FlushAsync(context.RequestAborted);
        var stream = new Stream(context.Response.BodyWriter);
        _streams[id.GetInt32()] = stream;
        await stream.Ended.Task.WaitAsync(context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _streams.TryRemove(KeyValuePair.Create(id.GetInt32(), stream));
    }

    private sealed class Stream(System.IO.Pipelines.PipeWriter writer)
    {
        private readonly Lock _gate = new();

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Send(ReadOnlySpan<byte> head, ReadOnlySpan<byte> data)
        {
            lock (_gate)
            {
                writer.Write(head);
                writer.Write(data);
                writer.Write("\n\n"u8);
                _ = writer.FlushAsync().AsTask();
            }
        }
    }
}
