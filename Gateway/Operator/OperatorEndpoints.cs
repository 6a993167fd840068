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
        Map<ServicePolicy>(app, "/v1/services/{target}/policy", "policy", OperatorKey.Policy, static (_, fields, clock) =>
        {
            var policy = OperatorReader.Policy(fields, clock);
            return (PolicyCodec.Encode(policy, fields.Document), policy.Author, policy.Reason);
        });
        Map<GreyRule>(app, "/v1/services/{target}/grey", "grey", OperatorKey.Grey, static (_, fields, _) =>
            (OperatorCodec.Encode(OperatorReader.Grey(fields), fields.Document), fields.Text("author"), fields.Text("reason")));
        Map<LimitRule>(app, "/v1/services/{target}/limits", "limits", OperatorKey.Limit, static (_, fields, _) =>
            (OperatorCodec.Encode(OperatorReader.Limit(fields), fields.Document), fields.Text("author"), fields.Text("reason")));
        Map<OfflineDocument>(app, "/v1/offline/{target}", "offline", OperatorKey.Offline, static (key, fields, clock) =>
        {
            var mark = OperatorReader.Offline(key.Target, fields, clock);
            return (OperatorCodec.Encode(mark, fields.Document), mark.Author, mark.Reason);
        });
        return app;
    }

    private static void Map<TDocument>(IEndpointRouteBuilder app, string path, string name, Func<string, OperatorKey> keyOf, Reader read)
    {
        app.MapGet(path, async (HttpContext context, OperatorStore store, string target) =>
                Answer(false, await store.GetAsync(keyOf(target), context.RequestAborted)))
            .NeedsKey(KeyKind.Read).WithTags("operator").WithName($"get-{name}").WithSummary($"Read what is set: {name}")
            .Produces<TDocument>().Refuses(400, 401, 404, 503);
        app.MapPut(path, async (HttpContext context, OperatorStore store, TimeProvider clock, string target) =>
            {
                var key = keyOf(target);
                var (document, author, reason) = read(key, new Fields(await JsonBody.ReadAsync(context)), clock);
                return Answer(await store.PutAsync(context, key, document, author, reason), document);
            })
            .NeedsKey(KeyKind.Admin).WithTags("operator").WithName($"put-{name}").WithSummary($"Set {name}; audited")
            .TakesBody<TDocument>().Produces<TDocument>().Produces<TDocument>(201).Refuses(400, 401, 503);
        app.MapDelete(path, async (
                HttpContext context,
                OperatorStore store,
                string target,
                [Description("Who removes it, for the audit.")] string? author,
                [Description("Why, for the audit.")] string? reason) =>
            {
                await store.DeleteAsync(context, keyOf(target), author, reason);
                return TypedResults.NoContent();
            })
            .NeedsKey(KeyKind.Admin).WithTags("operator").WithName($"delete-{name}").WithSummary($"Remove {name}; audited")
            .Produces(204).Refuses(400, 401, 404, 503);
    }

    private static IResult Answer(bool created, byte[] document) => Stored.Answer(created, document);
}

/// <summary>An address taken out of service, as posted.</summary>
public sealed record OfflineDocument(string Author, string Reason, DateTimeOffset? ExpiresAt);
