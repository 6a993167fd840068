using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fairway.Core.Releases;

namespace Fairway.Registry.Schema;

/// <summary>A release as it stands under <c>releases/{service}</c>.</summary>
/// <param name="Runner">The Gateway that moves it on.</param>
/// <param name="Author">Who began it.</param>
/// <param name="BegunFor">Why.</param>
/// <param name="Promoted">Lanes of this service whose instances are base by now, newest first: a registrant that was started in one registers as base.</param>
public sealed record ReleaseRecord(ReleaseState State, string Runner, string Author, string BegunFor, ImmutableArray<string> Promoted);

/// <summary>The JSON of <c>releases/{service}</c>.</summary>
public static class ReleaseCodec
{
    /// <summary>So many lanes of earlier releases are remembered.</summary>
    public const int MaxPromoted = 16;

    public static byte[] Encode(ReleaseRecord record) => JsonSerializer.SerializeToUtf8Bytes(record, ReleaseContext.Default.ReleaseRecord);

    public static bool TryDecode(ReadOnlySpan<byte> json, [NotNullWhen(true)] out ReleaseRecord? record)
    {
        try
        {
            record = JsonSerializer.Deserialize(json, ReleaseContext.Default.ReleaseRecord);
        }
        catch (JsonException)
        {
            record = null;
        }

        return record is { State.Plan: not null };
    }

    /// <summary>Whether instances that were started in this lane are base by now.</summary>
    public static bool IsPromoted(this ReleaseRecord record, string lane)
    {
        ArgumentNullException.ThrowIfNull(record);
        return (record.State.Plan.Lane == lane && record.State.Phase is ReleasePhase.Promoting or ReleasePhase.Replacing or ReleasePhase.Freeing or ReleasePhase.Done)
            || record.Promoted.Contains(lane);
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ReleaseRecord))]
internal sealed partial class ReleaseContext : JsonSerializerContext;
