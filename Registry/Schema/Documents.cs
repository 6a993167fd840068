using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fairway.Registry.Schema;

// The JSON documents as they stand in the registry. Every field may be absent or null; the codecs fill in defaults.

internal sealed record InstanceDocument
{
    public string? Service { get; init; }

    public string? Id { get; init; }

    public string? Address { get; init; }

    public string? Protocol { get; init; }

    public string? ProbeAddress { get; init; }

    public string? Probe { get; init; }

    public string? Lane { get; init; }

    public string? Version { get; init; }

    public string? Zone { get; init; }

    public double? Weight { get; init; }

    public IReadOnlyList<MethodDocument?>? Methods { get; init; }

    public IReadOnlyDictionary<string, JsonElement>? Metadata { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public bool? Draining { get; init; }
}

internal sealed record MethodDocument
{
    public string? Name { get; init; }

    public string? Lane { get; init; }
}

internal sealed record LaneDocument
{
    public string? Lane { get; init; }

    public string? Owner { get; init; }

    public DateTimeOffset? CreatedAt { get; init; }

    public int? TtlSeconds { get; init; }
}

internal sealed record DeclarationDocument
{
    public string? DeclaredBy { get; init; }

    public string? OnConsumerDown { get; init; }
}

internal sealed record PolicyDocument
{
    public string? Mode { get; init; }

    public IReadOnlyDictionary<string, double?>? Weights { get; init; }

    public string? HashKey { get; init; }

    public double? BoundFactor { get; init; }

    public IReadOnlyDictionary<string, double?>? Coefficients { get; init; }

    public string? Author { get; init; }

    public string? Reason { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }
}

internal sealed record GreyDocument
{
    public string? Target { get; init; }

    public string? Salt { get; init; }

    public bool? Kill { get; init; }

    public IReadOnlyList<string?>? Whitelist { get; init; }

    public IReadOnlyList<string?>? Regions { get; init; }

    public int? RatioPer10000 { get; init; }
}

internal sealed record OfflineDocument
{
    public string? Author { get; init; }

    public string? Reason { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }
}

internal sealed record LimitDocument
{
    public double? RatePerSecond { get; init; }

    public double? Burst { get; init; }

    public string? OnFailure { get; init; }
}

internal sealed record MemberDocument
{
    public string? Id { get; init; }

    public string? Address { get; init; }

    public string? Version { get; init; }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Converters = [typeof(UtcConverter)])]
[JsonSerializable(typeof(InstanceDocument))]
[JsonSerializable(typeof(LaneDocument))]
[JsonSerializable(typeof(DeclarationDocument))]
[JsonSerializable(typeof(PolicyDocument))]
[JsonSerializable(typeof(GreyDocument))]
[JsonSerializable(typeof(OfflineDocument))]
[JsonSerializable(typeof(LimitDocument))]
[JsonSerializable(typeof(MemberDocument))]
internal sealed partial class DocumentContext : JsonSerializerContext;
