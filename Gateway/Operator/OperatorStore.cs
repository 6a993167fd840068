using System.Text.Json;
using System.Text.Json.Nodes;
using Fairway.Gateway.Directory;
using Fairway.Gateway.Http;
using Fairway.Registry;

namespace Fairway.Gateway.Operator;

/// <summary>Documents that operators set, one a key; every change is audited.</summary>
public sealed class OperatorStore(IRegistry registry, DirectoryFeed feed, DirectoryStore directory, Audit audit, TimeProvider clock)
{
    /// <summary>The document as stored; one that expired counts as not set.</summary>
    /// <exception cref="ApiException"><c>NOT_SET</c>.</exception>
    public async Task<byte[]> GetAsync(OperatorKey key, CancellationToken cancellationToken) =>
        await registry.GetAsync(key.Key, cancellationToken) is { } entry && Holds(entry)
            ? entry.Value.ToByteArray()
            : throw ApiException.NotSet(key.Kind);

    /// <summary>Sets a document. Returns whether none was set before.</summary>
    public async Task<bool> PutAsync(HttpContext context, OperatorKey key, byte[] document, string? author, string? reason)
    {
        var before = await registry.GetAsync(key.Key, context.RequestAborted);
        var revision = await registry.PutAsync(key.Key, document, cancellationToken: context.RequestAborted);
        audit.Changed(context, "set", key, author, reason);
        await feed.CatchUpAsync(revision, key.Touches(directory.Current), context.RequestAborted);
        return before is not { } entry || !Holds(entry);
    }

    /// <exception cref="ApiException"><c>NOT_SET</c>.</exception>
    public async Task DeleteAsync(HttpContext context, OperatorKey key, string? author, string? reason)
    {
        var before = await registry.GetAsync(key.Key, context.RequestAborted);
        var (revision, deleted) = await registry.DeleteAsync(key.Key, cancellationToken: context.RequestAborted);
        if (deleted == 0 || before is not { } entry || !Holds(entry))
        {
            throw ApiException.NotSet(key.Kind);
        }

        audit.Changed(context, "removed", key, author, reason);
        await feed.CatchUpAsync(revision, key.Touches(directory.Current), context.RequestAborted);
    }

    private bool Holds(RegistryEntry entry)
    {
        try
        {
            return JsonNode.Parse(entry.Value.Span) is JsonObject document
                && !(document["expiresAt"] is JsonValue at && at.TryGetValue<DateTimeOffset>(out var expiresAt) && expiresAt <= clock.GetUtcNow());
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
