using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fairway.Core.Directory;

namespace Fairway.Sdk.Client;

/// <summary>The answer of <c>GET /v1/edge/snapshot</c>, whole or a difference, as far as a caller needs it.</summary>
internal sealed record SnapshotDocument
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
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

        public Instance[]? Instances { get; init; }

        public string[]? Panic { get; init; }

        public ServiceEntry Entry(string name) => new()
        {
            Name = name,
            Mode = Mode ?? ServicePolicy.Scored,
            HashKey = Policy?.HashKey,
            BoundFactor = Policy?.BoundFactor ?? 1.25,
            Instances = [.. (Instances ?? []).Where(instance => instance.Id is not null && instance.Address is not null).Select(instance => instance.View())],
            Panic = [.. Panic ?? []],
        };
    }

    internal sealed record Lane(Dictionary<string, JsonElement>? Services);

    internal sealed record Gateway(string? Address);

    internal sealed record Instance
    {
        public string? Id { get; init; }

        public string? Address { get; init; }

        public string? Protocol { get; init; }

        public string? Zone { get; init; }

        public string? Lane { get; init; }

        public double Weight { get; init; }

        public double? Score { get; init; }

        public double? Cpu { get; init; }

        public double? MemoryGib { get; init; }

        public double? InFlight { get; init; }

        public double? LatencyMs { get; init; }

        public double? Rps { get; init; }

        public double? ErrorRate { get; init; }

        public InstanceState State { get; init; }

        public long? AgeMs { get; init; }

        public InstanceView View() => new()
        {
            Id = Id!,
            Address = Address!,
            Protocol = Protocol ?? "http",
            Zone = Zone ?? "",
            Lane = Lane ?? "",
            Weight = Weight,
            Score = Score,
            Cpu = Cpu,
            MemoryGib = MemoryGib,
            InFlight = InFlight,
            LatencyMs = LatencyMs,
            Rps = Rps,
            ErrorRate = ErrorRate,
            State = State,
            AgeMs = AgeMs,
        };
    }
}
