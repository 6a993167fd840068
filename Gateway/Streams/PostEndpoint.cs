using System.Globalization;
using System.Security.Cryptography;
using Fairway.Core.Lanes;
using Fairway.Gateway.Auth.Users;
using Fairway.Gateway.Generation;
using Fairway.Gateway.Http;
using Fairway.Gateway.Jobs;
using Fairway.GrainInterfaces.Streams;
using Fairway.Sdk.Lanes;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Streams;

/// <summary><c>POST /v1/streams</c>: takes a request, and answers before any model is asked.</summary>
internal sealed class PostEndpoint(
    IGrainFactory grains, IJobQueue queue, StreamHub hub, ServingMetrics metrics, IOptions<ServingOptions> options, IOptions<ModelsOptions> models)
{
    private const int MaxKey = 256;

    public async Task<Accepted<AcceptedDocument>> PostAsync(HttpContext context)
    {
        var key = Key(context.Request);
        var body = await ChatBody.ReadAsync(context, options.Value.MaxBodyBytes, models.Value.ByName.ContainsKey);
        var user = context.UserToken().Subject;
        if (key is null)
        {
            return Accepted(await OpenAsync(context, user, body, reservation: null));
        }

        var known = await queue.ReserveAsync(user, key, SHA256.HashData(body.Bytes), context.RequestAborted);
        using var reservation = known.Reservation;
        switch (known.Outcome)
        {
            case IdempotencyOutcome.Replay:
                metrics.Posted("replayed");
                return Accepted(known.Version);
            case IdempotencyOutcome.Conflict:
                throw Refuse(context, 422, "IDEMPOTENCY_MISMATCH", "This Idempotency-Key was used for another body.");
            default:
                return Accepted(await OpenAsync(context, user, body, reservation));
        }
    }

    private static Accepted<AcceptedDocument> Accepted(long version) => TypedResults.Accepted((string?)null, AcceptedDocument.Of(version));

    /// <summary>
    /// The key of a post; null for none. Those of a stress test, which may repeat what real users sent, are kept apart by a blank in front,
    /// which no header's value begins with.
    /// </summary>
    /// <exception cref="ApiException"><c>BAD_FIELD</c>: too long, with a control character, or given twice.</exception>
    internal static string? Key(HttpRequest request) => request.Headers["Idempotency-Key"] switch
    {
        [] => null,
        [{ Length: > 0 and <= MaxKey } key] when !key.Any(char.IsControl) => LaneContext.Current.Stress ? " " + key : key,
        _ => throw ApiException.BadField("Idempotency-Key", $"must be given once, with 1 to {MaxKey} characters and no control character"),
    };

    /// <summary>Has a model asked; the request is durable when this returns.</summary>
    /// <returns>The version of the answer.</returns>
    public async Task<long> OpenAsync(HttpContext context, string user, ChatBody body, IdempotencyReservation? reservation)
    {
        if (hub.IsDraining)
        {
            throw Refuse(context, 503, "DRAINING", "This Gateway is about to stop; try again.");
        }

        var label = LaneContext.Current;
        using var slot = TryAdmit(label.Lane) ?? throw Refuse(context, 429, "QUEUE_FULL", "Too many requests wait for a model; try again.");
        var grain = grains.GetGrain<IUserStreamGrain>(user);
        var request = StreamBytes.From(body.Bytes);
        var version = await grain.Open(body.Conversation, request);
        switch (version)
        {
            case OpenRefusal.TooManyConversations:
                throw Refuse(context, 429, "TOO_MANY_CONVERSATIONS", "Too many conversations are held; acknowledge the answer of one.");
            case OpenRefusal.BuffersFull:
                throw Refuse(context, 503, "BUFFERS_FULL", "Too many answers are held; try again.");
        }

        try
        {
            await queue.EnqueueAsync(
                slot, new StreamJob(user, version, body.Conversation, 1, request, MayHaveStored: false, LabelText.Write(label.WithoutSignature())), reservation);
        }
        catch
        {
            await grain.Withdraw(version); // nobody will ever answer it
            throw;
        }

        metrics.Posted("accepted");
        return version;
    }

    private JobSlot? TryAdmit(string? lane)
    {
        try
        {
            return queue.TryAdmit(lane);
        }
        catch (QueueAwayException)
        {
            metrics.Posted("QUEUE_AWAY");
            throw;
        }
    }

    private ApiException Refuse(HttpContext context, int status, string code, string detail)
    {
        metrics.Posted(code);
        if (status is 429 or 503)
        {
            context.Response.Headers.RetryAfter =
                Math.Max(1, Math.Ceiling(queue.RetryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        return new ApiException(status, code, detail);
    }
}
