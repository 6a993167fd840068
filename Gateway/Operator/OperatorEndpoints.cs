using System.ComponentModel;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Fairway.Gateway.Auth;
using Fairway.Gateway.Http;
using Fairway.Registry.Schema;

namespace Fairway.Gateway.Operator;

/// <summary>The operator's hand: policies, grey rules, limits and offline marks.</summary>
public static class OperatorEndpoints
{
    private delegate (byte[] Document, string? Author, string? Reason) Reader(OperatorKey key, Fields fields, TimeProvider clock);

    public static IEndpointRouteBuilder MapOperator(this IEndpointRouteBuilder app)
    {
        Map<ServicePolicy>(app, "/v1/services/{service}/policy", "policy", OfService(OperatorKey.Policy, static (_, fields, clock) =>
        {
            var policy = OperatorReader.Policy(fields, clock);
            return (PolicyCodec.Encode(policy, fields.Document), policy.Author, policy.Reason);
        }));
        Map<GreyRule>(app, "/v1/services/{service}/grey", "grey", OfService(OperatorKey.Grey, static (_, fields, _) =>
            (OperatorCodec.Encode(OperatorReader.Grey(fields), fields.Document), fields.Text("author"), fields.Text("reason"))));
        Map<LimitRule>(app, "/v1/services/{service}/limits", "limits", OfService(OperatorKey.Limit, static (_, fields, _) =>
            (OperatorCodec.Encode(OperatorReader.Limit(fields), fields.Document), fields.Text("author"), fields.Text("reason"))));
        Map<OfflineDocument>(app, "/v1/offline/{address}", "offline", OfAddress(static (key, fields, clock) =>
        {
            var mark = OperatorReader.Offline(key.Target, fields, clock);
            return (OperatorCodec.Encode(mark, fields.Document), mark.Author, mark.Reason);
        }));
        return app;
    }

    private static Handlers OfService(Func<string, OperatorKey> keyOf, Reader read) => new(
        (HttpContext context, OperatorStore store, string service) => GetAsync(context, store, keyOf(service)),
        (HttpContext context, OperatorStore store, TimeProvider clock, string service) => PutAsync(context, store, clock, keyOf(service), read),
        (HttpContext context, OperatorStore store, string service, [Who] string? author, [Why] string? reason) =>
            DeleteAsync(context, store, keyOf(service), author, reason));

    private static Handlers OfAddress(Reader read) => new(
        (HttpContext context, OperatorStore store, string address) => GetAsync(context, store, OperatorKey.Offline(address)),
        (HttpContext context, OperatorStore store, TimeProvider clock, string address) => PutAsync(context, store, clock, OperatorKey.Offline(address), read),
        (HttpContext context, OperatorStore store, string address, [Who] string? author, [Why] string? reason) =>
            DeleteAsync(context, store, OperatorKey.Offline(address), author, reason));

    private static void Map<TDocument>(IEndpointRouteBuilder app, string path, string name, Handlers handlers)
    {
        app.MapGet(path, handlers.Get)
            .NeedsKey(KeyKind.Read).WithTags("operator").WithName($"get-{name}").WithSummary($"Read what is set: {name}")
            .Produces<TDocument>().Refuses(400, 401, 404, 503);
        app.MapPut(path, handlers.Put)
            .NeedsKey(KeyKind.Admin).WithTags("operator").WithName($"put-{name}").WithSummary($"Set {name}; audited")
            .TakesBody<TDocument>().Produces<TDocument>().Produces<TDocument>(201).Refuses(400, 401, 503);
        app.MapDelete(path, handlers.Delete)
            .NeedsKey(KeyKind.Admin).WithTags("operator").WithName($"delete-{name}").WithSummary($"Remove {name}; audited")
            .Produces(204).Refuses(400, 401, 404, 503);
    }

    private static async Task<IResult> GetAsync(HttpContext context, OperatorStore store, OperatorKey key) =>
        Answer(false, await store.GetAsync(key, context.RequestAborted));

    private static async Task<IResult> PutAsync(HttpContext context, OperatorStore store, TimeProvider clock, OperatorKey key, Reader read)
    {
        var (document, author, reason) = read(key, new Fields(await JsonBody.ReadAsync(context)), clock);
        return Answer(await store.PutAsync(context, key, document, author, reason), document);
    }

    private static async Task<IResult> DeleteAsync(HttpContext context, OperatorStore store, OperatorKey key, string? author, string? reason)
    {
        await store.DeleteAsync(context, key, author, reason);
        return TypedResults.NoContent();
    }

    private static IResult Answer(bool created, byte[] document) => Stored.Answer(created, document);

    private sealed record Handlers(Delegate Get, Delegate Put, Delegate Delete);

    [AttributeUsage(AttributeTargets.Parameter)]
    private sealed class WhoAttribute() : DescriptionAttribute("Who removes it, for the audit.");

    [AttributeUsage(AttributeTargets.Parameter)]
    private sealed class WhyAttribute() : DescriptionAttribute("Why, for the audit.");
}

/// <summary>An address taken out of service, as posted.</summary>
public sealed record OfflineDocument(string Author, string Reason, DateTimeOffset? ExpiresAt);
