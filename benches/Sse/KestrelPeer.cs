using System.Buffers;
using System.Collections.Concurrent;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;

namespace Fairway.Sse;

/// <summary>
/// Peers of the Gateway: <c>/bare/{channel}</c> is Kestrel and a wait, nothing else; <c>/framework/{channel}</c> is the framework's own
/// result for server-sent events. <c>POST /pub/{channel}</c> writes to the bare ones.
/// </summary>
internal static class KestrelPeer
{
    public static async Task<int> RunAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MinResponseDataRate = null;
        });
        var app = builder.Build();
        var channels = new ConcurrentDictionary<int, ConcurrentBag<HttpContext>>();
        app.MapGet("/bare/{channel:int}", async (HttpContext context, int channel) =>
        {
            context.Response.ContentType = "text/event-stream";
            context.Response.BodyWriter.Write(":\n\n"u8);
            await context.Response.BodyWriter.FlushAsync();
            var gone = new TaskCompletionSource();
            context.RequestAborted.UnsafeRegister(static state => ((TaskCompletionSource)state!).TrySetResult(), gone);
            channels.GetOrAdd(channel, _ => []).Add(context);
            await gone.Task;
        });
        app.MapPost("/pub/{channel:int}", async (HttpContext context, int channel) =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            foreach (var reader in channels.GetOrAdd(channel, _ => []))
            {
                lock (reader)
                {
                    var writer = reader.Response.BodyWriter;
                    writer.Write("data: "u8);
                    writer.Write(body.GetBuffer().AsSpan(0, (int)body.Length));
                    writer.Write("\n\n"u8);
                    _ = writer.FlushAsync().AsTask();
                }
            }
        });
        app.MapGet("/framework/{channel:int}", (CancellationToken aborted) => TypedResults.ServerSentEvents(Silent(aborted)));
        app.Lifetime.ApplicationStarted.Register(() => Console.WriteLine($"READY {app.Urls.First()}"));
        await app.RunAsync();
        return 0;
    }

    private static async IAsyncEnumerable<SseItem<string>> Silent([EnumeratorCancellation] CancellationToken aborted)
    {
        yield return new SseItem<string>("hello");
        await Task.Delay(Timeout.Infinite, aborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
