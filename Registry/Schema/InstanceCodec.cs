using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fairway.Core.Directory;

namespace Fairway.Registry.Schema;

/// <summary>
/// The JSON of <c>instances/{service}/{id}</c>. The key decides who it is: <c>service</c> and <c>id</c> of the document are
/// written for people and never read.
/// </summary>
public static class InstanceCodec
{
    private static readonly InstanceRecord Defaults = new() { Service = "", Id = "", Address = "" };

    /// <param name="unknownFrom">A document that was posted: its unknown fields are kept, known ones come from <paramref name="record"/>.</param>
    public static byte[] Encode(InstanceRecord record, JsonObject? unknownFrom = null) => DocumentJson.Write(
        new InstanceDocument
        {
            Service = record.Service,
            Id = record.Id,
            Address = record.Address,
            Protocol = record.Protocol,
            ProbeAddress = record.ProbeAddress,
            Probe = record.Probe,
            Lane = record.Lane.Length == 0 ? null : record.Lane,
            Version = record.Version,
            Zone = record.Zone,
            Weight = record.Weight,
            Methods = record.Methods.IsDefaultOrEmpty ? null : record.Methods.Select(Method).ToList(),
            Metadata = record.Metadata.IsEmpty ? null : record.Metadata.ToDictionary(pair => pair.Key, pair => Text(pair.Value)),
            StartedAt = record.StartedAt,
            Draining = record.Draining ? true : null,
        },
        DocumentContext.Default.InstanceDocument,
        unknownFrom);

    /// <summary>False when <paramref name="json"/> is no JSON object, has a field of a wrong type, or no well-formed address.</summary>
    public static bool TryDecode(string service, string id, ReadOnlySpan<byte> json, [NotNullWhen(true)] out InstanceRecord? record)
    {
        record = null;
        if (!DocumentJson.TryRead(json, DocumentContext.Default.InstanceDocument, out var document)
            || !HostPort.IsValid(document.Address)
            || document.ProbeAddress is { Length: > 0 } probeAddress && !HostPort.IsValid(probeAddress))
        {
            return false;
        }

        record = new InstanceRecord
        {
            Service = service,
            Id = id,
            Address = document.Address!,
            Protocol = document.Protocol ?? Defaults.Protocol,
            ProbeAddress = string.IsNullOrEmpty(document.ProbeAddress) ? null : document.ProbeAddress,
            Probe = document.Probe ?? Defaults.Probe,
            Lane = document.Lane ?? "",
            Version = document.Version ?? "",
            Zone = document.Zone ?? "",
            Weight = document.Weight is { } weight ? (int)Math.Clamp(Math.Round(weight), 0, int.MaxValue) : Defaults.Weight,
            Methods = Methods(document.Methods),
            Metadata = Metadata(document.Metadata),
            StartedAt = document.StartedAt,
            Draining = document.Draining ?? false,
        };
        return true;
    }

    private static MethodDocument Method(MethodRecord method) =>
        new() { Name = method.Name, Lane = method.Lane.Length == 0 ? null : method.Lane };

    private static ImmutableArray<MethodRecord> Methods(IReadOnlyList<MethodDocument?>? methods) => methods is null
        ? []
        : [.. from method in methods where method is { Name.Length: > 0 } select new MethodRecord(method.Name!, method.Lane ?? "")];

    private static ImmutableSortedDictionary<string, string> Metadata(IReadOnlyDictionary<string, JsonElement>? metadata) =>
        metadata is null
            ? ImmutableSortedDictionary<string, string>.Empty
            : metadata.Where(pair => pair.Value.ValueKind != JsonValueKind.Null)
                .ToImmutableSortedDictionary(pair => pair.Key, pair => pair.Value.ToString(), StringComparer.Ordinal);

    private static JsonElement Text(string value) =>
        JsonElement.Parse($"\"{JsonEncodedText.Encode(value)}\"");
}
