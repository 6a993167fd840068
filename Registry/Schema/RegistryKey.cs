using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Fairway.Core.Directory;

namespace Fairway.Registry.Schema;

/// <summary>A key of the registry, taken apart. <see cref="RegistryKeys"/> builds the strings.</summary>
public abstract record RegistryKey
{
    /// <summary>Takes a key apart. False for keys outside <see cref="RegistryKeys.Prefix"/>, of an unknown kind or with a malformed name: readers ignore those.</summary>
    public static bool TryParse(string key, [NotNullWhen(true)] out RegistryKey? parsed)
    {
        parsed = key.StartsWith(RegistryKeys.Prefix, StringComparison.Ordinal)
            ? Parse(key[RegistryKeys.Prefix.Length..].Split('/'))
            : null;
        return parsed is not null;
    }

    private static RegistryKey? Parse(string[] parts) => parts switch
    {
        ["instances", var service, var id] when Valid(service, id) => new InstanceKey(service, id),
        ["status", var service, var exporter, var chunk] when Valid(service, exporter) && IsChunk(exporter, chunk) =>
            new StatusKey(service, exporter, chunk),
        ["exporters", var id] when Valid(id) => new ExporterKey(id),
        ["gateways", var id] when Valid(id) => new GatewayKey(id),
        ["edges", var id] when Valid(id) => new EdgeKey(id),
        ["lanes", var lane] when Valid(lane) => new LaneKey(lane),
        ["lanes", var lane, "services", var service] when Valid(lane, service) => new DeclarationKey(lane, service),
        ["policies", var service] when Valid(service) => new PolicyKey(service),
        ["grey", var service] when Valid(service) => new GreyKey(service),
        ["offline", var address] when HostPort.IsValid(address) => new OfflineKey(address),
        ["limits", var service] when Valid(service) => new LimitKey(service),
        ["config", var space, .. var rest] when Valid(space) && Rest(rest) is { } key => new ConfigKey(space, key),
        ["cluster", var id, .. var rest] when Valid(id) && Rest(rest) is { } path => new ClusterKey(id, path),
        _ => null,
    };

    private static bool Valid(string name) => Names.IsValid(name);

    private static bool Valid(string name, string other) => Names.IsValid(name) && Names.IsValid(other);

    private static string? Rest(string[] rest) => rest is [] or [""] ? null : string.Join('/', rest);

    private static bool IsChunk(string exporter, string chunk) => exporter == StatusBatch.HttpExporter
        ? Valid(chunk)
        : int.TryParse(chunk, NumberStyles.None, CultureInfo.InvariantCulture, out _);
}

public sealed record InstanceKey(string Service, string Id) : RegistryKey;

/// <param name="Chunk">A number from 0; under <see cref="StatusBatch.HttpExporter"/> the instance's id.</param>
public sealed record StatusKey(string Service, string Exporter, string Chunk) : RegistryKey
{
    public StatusKey(string service, string exporter, int chunk)
        : this(service, exporter, chunk.ToString(CultureInfo.InvariantCulture))
    {
    }
}

public sealed record ExporterKey(string Id) : RegistryKey;

public sealed record GatewayKey(string Id) : RegistryKey;

public sealed record EdgeKey(string Id) : RegistryKey;

/// <summary>An entry of the environment list.</summary>
public sealed record LaneKey(string Name) : RegistryKey;

/// <summary>The colouring field of one service in one lane.</summary>
public sealed record DeclarationKey(string Lane, string Service) : RegistryKey;

public sealed record PolicyKey(string Service) : RegistryKey;

public sealed record GreyKey(string Service) : RegistryKey;

/// <param name="Address"><c>ip:port</c>.</param>
public sealed record OfflineKey(string Address) : RegistryKey;

public sealed record LimitKey(string Service) : RegistryKey;

/// <param name="Key">The rest of the key; it may hold slashes.</param>
public sealed record ConfigKey(string Namespace, string Key) : RegistryKey;

/// <summary>Membership of the actor cluster.</summary>
/// <param name="Path">The rest of the key.</param>
public sealed record ClusterKey(string ClusterId, string Path) : RegistryKey;
