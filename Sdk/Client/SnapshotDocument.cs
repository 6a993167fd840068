using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Fairway.Core.Directory;

namespace Fairway.Sdk.Client;

/// <summary>The answer of <c>GET /v1/edge/snapshot</c>, whole or a difference, as far as a caller needs it.</summary>
internal sealed record SnapshotDocument
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { RequireNothing } },
    };

    public string? Version { get; init; }

    public string? Base { get; init; }

    public bool Full { get; init; }

    public Dictionary<string, Service>? Services { get; init; }

    public string[]? Removed { get; init; }

    public Dictionary<string, Lane>? Lanes { get; init; }

    public string[]? Offline { get; init; }

    public Gateway[]? Gateways { get; init; }

    /// <exception cref="JsonException">Not such a document.</exception>
    public static async Task<SnapshotDocument> ReadAsync(Stream stream, CancellationToken cancellationToken) =>
        await JsonSerializer.DeserializeAsync<SnapshotDocument>(stream, Json, cancellationToken) is { Version.Length: > 0, Services: not null } document
            ? document
            : throw new JsonException("an answer without version or services");

    /// <summary>What <paramref name="held"/> becomes; null where this is a difference to something else.</summary>
    public ServiceDirectory? ApplyTo(ServiceDirectory held)
    {
        if (!Full && Base != held.Version)
        {
            return null;
        }

        var services = Full ? ServiceDirectory.Empty.Services : held.Services.RemoveRange(Removed ?? []);
        return new ServiceDirectory
        {
            Version = Version,
            Services = services.SetItems(Services!.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.Entry(pair.Key)))),
            Lanes = Lanes is null
                ? held.Lanes
                : Lanes.ToImmutableDictionary(
                    pair => pair.Key, pair => (pair.Value.Services?.Keys ?? Enumerable.Empty<string>()).ToImmutableHashSet(StringComparer.Ordinal), StringComparer.Ordinal),
            Offline = Offline is null ? held.Offline : [.. Offline],
            Gateways = Gateways is null ? held.Gateways : [.. Gateways.Select(gateway => gateway.Address).OfType<string>()],
        };
    }

    internal sealed record Service
    {
        public string? Mode { get; init; }

        public ServicePolicy? Policy { get; init; }

        public InstanceView[]? Instances { get; init; }

        public string[]? Panic { get; init; }

        public ServiceEntry Entry(string name) => new()
        {
            Name = name,
            Mode = Mode ?? ServicePolicy.Scored,
            HashKey = Policy?.HashKey,
            BoundFactor = Policy?.BoundFactor ?? 1.25,
            Instances = [.. (Instances ?? []).Where(view => view is { Id: not null, Address: not null }).Select(Whole)],
            Panic = [.. Panic ?? []],
        };
    }

    internal sealed record Lane(Dictionary<string, JsonElement>? Services);

    internal sealed record Gateway(string? Address);

    /// <summary>What a Gateway leaves out of an instance is as where it says nothing of it.</summary>
    private static InstanceView Whole(InstanceView view) =>
        view with { Protocol = view.Protocol ?? "http", Zone = view.Zone ?? "", Lane = view.Lane ?? "" };

    private static void RequireNothing(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
        {
            property.IsRequired = false;
        }
    }
}
