using System.Text.Json;

namespace Fairway.Gateway.Generation;

/// <summary>What one <c>data:</c> of a model's stream is.</summary>
internal enum ChunkKind
{
    /// <summary>A piece of the answer.</summary>
    Delta,

    /// <summary>A piece of the answer that says why a choice came to its end.</summary>
    Finish,

    /// <summary>An error object; no piece of the answer.</summary>
    Error,

    /// <summary><c>[DONE]</c>.</summary>
    Done,

    /// <summary>No JSON object.</summary>
    Garbage,
}

internal static class UpstreamChunk
{
    public static ChunkKind KindOf(ReadOnlyMemory<byte> data)
    {
        if (data.Span.Trim((byte)' ').SequenceEqual("[DONE]"u8))
        {
            return ChunkKind.Done;
        }

        try
        {
            using var document = JsonDocument.Parse(data);
            var root = document.RootElement;
            return root.ValueKind != JsonValueKind.Object ? ChunkKind.Garbage
                : root.TryGetProperty("error", out var error) && error.ValueKind != JsonValueKind.Null ? ChunkKind.Error
                : HasFinish(root) ? ChunkKind.Finish
                : ChunkKind.Delta;
        }
        catch (JsonException)
        {
            return ChunkKind.Garbage;
        }
    }

    private static bool HasFinish(JsonElement root) =>
        root.TryGetProperty("choices", out var choices) && choices.ValueKind == JsonValueKind.Array
        && choices.EnumerateArray().Any(choice => choice.ValueKind == JsonValueKind.Object
            && choice.TryGetProperty("finish_reason", out var reason) && reason.ValueKind == JsonValueKind.String);
}
