using System.Security.Cryptography;
using System.Text;
using Fairway.Core.Streams;
using Fairway.Gateway.Auth.Users;
using Fairway.Gateway.Jobs;
using Fairway.Gateway.Streams;
using Fairway.Grains.Streams;
using Fairway.GrainInterfaces.Streams;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Relay;

/// <summary>Opens relayed calls, and brings each to its end when the last of its callers has its answer or is gone.</summary>
internal sealed class RelayCalls(
    PostEndpoint post, IJobQueue queue, IGrainFactory grains, StreamLookup lookup, StreamHub hub, RelayMetrics metrics, IOptions<StreamOptions> options,
    TimeProvider clock, ILogger<RelayCalls> logger)
{
    private const int MaxTries = 20;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<(string User, long Version), int> _callers = [];

    /// <summary>How long a whole answer stays for those who bring its idempotency key again: less than it takes to expire.</summary>
    private TimeSpan KeyMemory => TimeSpan.FromSeconds(options.Value.UnackedSeconds * 0.8);

    /// <summary>
    /// Has a model asked. With an <c>Idempotency-Key</c>, a call like one that runs, or has just come to its end, joins that one.
    /// </summary>
    /// <param name="conversation">Null: the call is its own, and its answer is freed at its end.</param>
    /// <param name="identity">What makes two calls with the same key the same.</param>
    public async Task<RelayCall> OpenAsync(HttpContext context, byte[] request, string? conversation, string identity)
    {
        var user = context.UserToken().Subject;
        var body = new ChatBody(request, conversation ?? $"{ConversationNames.Relay}call-{Guid.NewGuid():N}");
        if (PostEndpoint.Key(context.Request) is not { } key)
        {
            return await OpenAsync(context, user, body, reservation: null);
        }

        var hash = SHA256.HashData([.. Encoding.UTF8.GetBytes(identity), 0, .. request]);
        var known = await queue.ReserveAsync(user, ConversationNames.Relay + key, hash, context.RequestAborted);
        using var reservation = known.Reservation;
        if (known.Outcome == IdempotencyOutcome.Conflict)
        {
            throw new RelayException(new RelayError(422, "IDEMPOTENCY_MISMATCH", "This Idempotency-Key was used for another body."));
        }

        // A call that failed, was cancelled or is forgotten has given nobody an answer, or long ago: this one is made anew.
        return (known.Outcome == IdempotencyOutcome.Replay ? await JoinAsync(user, known.Version) : null)
            ?? await OpenAsync(context, user, body, reservation);
    }

    /// <summary>An answer that is held, to be read without a say in its end; null when there is none.</summary>
    public async Task<RelayCall?> FindAsync(string user, long version)
    {
        if (await lookup.FindAsync(user, version, CancellationToken.None) is not { } found)
        {
            return null;
        }

        var call = new RelayCall(this, user, version, hub.Attach(user, version, found.Conversation));
        if (await hub.PullAsync(call.Stream))
        {
            return call;
        }

        await call.DisposeAsync();
        return null;
    }

    public Task StopAsync(RelayCall call) => grains.GetGrain<IUserStreamGrain>(call.User).Stop(call.Version);

    /// <summary>The request of a held answer.</summary>
    public Task<StreamBytes?> RequestAsync(RelayCall call) => grains.GetGrain<IUserStreamGrain>(call.User).Request(call.Version);

    /// <summary>Ends an answer where it stands, if it has not ended, and frees it.</summary>
    public async Task FreeAsync(string user, long version)
    {
        var grain = grains.GetGrain<IUserStreamGrain>(user);
        if ((AckResult)await grain.Acknowledge(version) == AckResult.NotFinished)
        {
            await grain.Stop(version);
            await grain.Acknowledge(version);
        }
    }

    internal async ValueTask EndAsync(RelayCall call)
    {
        hub.Detach(call.Stream);
        if (!(call.IsOwner && IsLast(call) && call.MayEnd))
        {
            return;
        }

        var isWhole = call.Stream.Terminal is not null;
        metrics.Ended(isWhole);
        if (isWhole && call.IsKept)
        {
            return;
        }

        if (isWhole && call.HasKey)
        {
            _ = FreeLaterAsync(call);
            return;
        }

        try
        {
            await FreeAsync(call.User, call.Version);
        }
        catch (Exception failure)
        {
            logger.NotFreed(call.Version, failure); // the caller has its answer; history, or a silo, is away
            _ = FreeAgainAsync(call);
        }
    }

    private async Task<RelayCall> OpenAsync(HttpContext context, string user, ChatBody body, IdempotencyReservation? reservation)
    {
        var version = await post.OpenAsync(context, user, body, reservation);
        var call = Own(new RelayCall(this, user, version, hub.Attach(user, version, body.Conversation))
        {
            IsKept = ConversationNames.IsKept(body.Conversation),
            HasKey = reservation is not null && ConversationNames.IsRelay(body.Conversation),
        });
        await hub.PullAsync(call.Stream);
        hub.MarkRead(call.Stream); // its caller waits for it, however long its first word takes
        return call;
    }

    private async Task<RelayCall?> JoinAsync(string user, long version)
    {
        if (await grains.GetGrain<IUserStreamGrain>(user).Find(version) is not { State: <= (int)StreamState.Done } found
            || !ConversationNames.IsRelay(found.Conversation))
        {
            return null;
        }

        var call = Own(new RelayCall(this, user, version, hub.Attach(user, version, found.Conversation))
        {
            IsKept = ConversationNames.IsKept(found.Conversation),
            HasKey = true,
        });
        if (await hub.PullAsync(call.Stream))
        {
            return call;
        }

        await call.DisposeAsync();
        return null;
    }

    private RelayCall Own(RelayCall call)
    {
        call.IsOwner = true;
        lock (_gate)
        {
            _callers[(call.User, call.Version)] = _callers.GetValueOrDefault((call.User, call.Version)) + 1;
        }

        return call;
    }

    private bool IsLast(RelayCall call)
    {
        lock (_gate)
        {
            var left = _callers.GetValueOrDefault((call.User, call.Version)) - 1;
            if (left > 0)
            {
                _callers[(call.User, call.Version)] = left;
                return false;
            }

            _callers.Remove((call.User, call.Version));
            return true;
        }
    }

    private async Task FreeAgainAsync(RelayCall call)
    {
        for (var tries = 0; tries < MaxTries; tries++)
        {
            await Task.Delay(RetryDelay, clock, CancellationToken.None);
            try
            {
                await FreeAsync(call.User, call.Version);
                return;
            }
            catch (Exception failure)
            {
                logger.NotFreed(call.Version, failure);
            }
        }
    }

    private async Task FreeLaterAsync(RelayCall call)
    {
        await Task.Delay(KeyMemory, clock, CancellationToken.None);
        await FreeAsync(call.User, call.Version);
    }
}

/// <summary>A caller's hold on an answer; disposing it lets go.</summary>
internal sealed class RelayCall(RelayCalls calls, string user, long version, LiveStream stream) : IAsyncDisposable
{
    public string User { get; } = user;

    public long Version { get; } = version;

    public LiveStream Stream { get; } = stream;

    /// <summary>One of those that the answer is made for; others only read it.</summary>
    public bool IsOwner { get; set; }

    /// <summary>Whether the answer ends with its last owner.</summary>
    public bool MayEnd { get; set; } = true;

    /// <summary>Whether it stays for those who ask for it by its id.</summary>
    public bool IsKept { get; init; }

    /// <summary>Whether it stays a while for those who bring its idempotency key again.</summary>
    public bool HasKey { get; init; }

    public ValueTask DisposeAsync() => calls.EndAsync(this);
}
