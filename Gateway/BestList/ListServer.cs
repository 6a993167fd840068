using Fairway.Core.Directory;
using Fairway.Gateway.Directory;
using Fairway.Gateway.Http;

namespace Fairway.Gateway.BestList;

/// <summary>Answers a list from the current snapshot, at once or when its version changes.</summary>
public sealed class ListServer(DirectoryStore store, TimeProvider clock, IHostApplicationLifetime lifetime)
{
    /// <summary>
    /// 200 with the list; 304 with its ETag when the reader holds this version, after waiting for another one as long as it allows.
    /// </summary>
    /// <param name="encode">The list in a snapshot; throws <see cref="ApiException"/> when there is none.</param>
    public Task ServeAsync<TState>(
        HttpContext context, ListId list, LongPoll poll, TState state, Func<DirectorySnapshot, TState, ListBody> encode)
    {
        var snapshot = store.Current;
        var body = snapshot.Ready ? encode(snapshot, state) : throw ApiException.NotReady();
        return poll.Since == body.Version && poll.Wait > TimeSpan.Zero
            ? WaitAsync(context, list, poll, state, encode, snapshot)
            : AnswerAsync(context, poll.Since, snapshot, body);
    }

    private async Task WaitAsync<TState>(
        HttpContext context, ListId list, LongPoll poll, TState state, Func<DirectorySnapshot, TState, ListBody> encode, DirectorySnapshot snapshot)
    {
        using var limit = new CancellationTokenSource(poll.Wait, clock);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(
            limit.Token, context.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            await store.ChangeAsync(list, snapshot.Epoch, list.CounterIn(snapshot), ended.Token);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            // Its time is up, or the Gateway stops: the reader gets what there is.
        }

        snapshot = store.Current;
        await AnswerAsync(context, poll.Since, snapshot, encode(snapshot, state));
    }

    private Task AnswerAsync(HttpContext context, string? since, DirectorySnapshot snapshot, ListBody body)
    {
        var response = context.Response;
        response.Headers.ETag = body.ETag;
        response.Headers.CacheControl = "no-cache";
        if (since == body.Version || ETagMatches(context.Request, body))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        var document = body.Document(snapshot.StaleSince is { } staleSince ? clock.GetUtcNow() - staleSince : null);
        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = document.Length;
        return response.Body.WriteAsync(document, context.RequestAborted).AsTask();
    }

    private static bool ETagMatches(HttpRequest request, ListBody body)
    {
        var asked = request.Headers.IfNoneMatch;
        return asked.Count switch
        {
            0 => false,
            1 when asked[0] == body.ETag[0] => true,
            _ => asked.Any(line => line is not null && line.Split(',').Any(tag => Matches(tag.Trim(), body.ETag[0]!))),
        };

        // RFC 9110: If-None-Match compares weakly.
        static bool Matches(string tag, string own) => tag == "*" || tag == own || (tag.StartsWith("W/", StringComparison.Ordinal) && tag[2..] == own);
    }
}
