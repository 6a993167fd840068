using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fairway.Registry.Schema;

namespace Fairway.Registry.Membership;

/// <summary>The JSON of <c>cluster/{clusterId}/silos/{silo}</c>.</summary>
internal static class MembershipCodec
{
    /// <param name="writeId">Tells this write from all others, so that a writer which got no answer can find out whether it was done.</param>
    public static byte[] Encode(MembershipRow row, string writeId) => JsonSerializer.SerializeToUtf8Bytes(
        new RowDocument
        {
            Silo = row.Silo,
            Status = row.Status,
            ProxyPort = row.ProxyPort,
            HostName = row.HostName,
            SiloName = row.SiloName,
            RoleName = row.RoleName,
            UpdateZone = row.UpdateZone,
            FaultZone = row.FaultZone,
            StartTime = Utc(row.StartTime),
            AliveTime = Utc(row.AliveTime),
            Suspicions = row.Suspicions.IsDefaultOrEmpty ? null : [.. row.Suspicions.Select(one => new SuspicionDocument { Silo = one.Silo, At = Utc(one.At) })],
            WriteId = writeId,
        },
        MembershipContext.Default.RowDocument);

    /// <summary>False for malformed JSON, and without silo and status.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> json, [NotNullWhen(true)] out MembershipRow? row, out string? writeId)
    {
        (row, writeId) = (null, null);
        if (!DocumentJson.TryRead(json, MembershipContext.Default.RowDocument, out var document)
            || document is not { Silo.Length: > 0, Status.Length: > 0 })
        {
            return false;
        }

        writeId = document.WriteId;
        row = new MembershipRow
        {
            Silo = document.Silo,
            Status = document.Status,
            ProxyPort = document.ProxyPort,
            HostName = document.HostName,
            SiloName = document.SiloName,
            RoleName = document.RoleName,
            UpdateZone = document.UpdateZone,
            FaultZone = document.FaultZone,
            StartTime = Utc(document.StartTime),
            AliveTime = Utc(document.AliveTime),
            Suspicions = document.Suspicions is null
                ? []
                : [.. document.Suspicions.Where(one => one.Silo is not null).Select(one => new Suspicion(one.Silo!, Utc(one.At)))],
        };
        return true;
    }

    /// <summary>A time without a kind is taken for UTC: engines write them so.</summary>
    internal static DateTime Utc(DateTime time) =>
        time.Kind == DateTimeKind.Local ? time.ToUniversalTime() : DateTime.SpecifyKind(time, DateTimeKind.Utc);
}

internal sealed record RowDocument
{
    public string? Silo { get; init; }

    public string? Status { get; init; }

    public int ProxyPort { get; init; }

    public string? HostName { get; init; }

    public string? SiloName { get; init; }

    public string? RoleName { get; init; }

    public int UpdateZone { get; init; }

    public int FaultZone { get; init; }

    public DateTime StartTime { get; init; }

    public DateTime AliveTime { get; init; }

    public IReadOnlyList<SuspicionDocument>? Suspicions { get; init; }

    public string? WriteId { get; init; }
}

internal sealed record SuspicionDocument
{
    public string? Silo { get; init; }

    public DateTime At { get; init; }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RowDocument))]
internal sealed partial class MembershipContext : JsonSerializerContext;
