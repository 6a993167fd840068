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
            return Read(data.Span);
        }
        catch (JsonException)
        {
            return ChunkKind.Garbage;
        }
    }

    /// <summary>One pass without a document: it is done for every token of every answer.</summary>
    /// <exception cref="JsonException">No JSON.</exception>
    private static ChunkKind Read(ReadOnlySpan<byte> data)
    {
        var reader = new Utf8JsonReader(data);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return ChunkKind.Garbage;
        }

        var (isError, isFinish) = (false, false);
        while (reader.Read())
        {
            if (reader.CurrentDepth != 1 || reader.TokenType != JsonTokenType.PropertyName)
            {
                continue;
            }

            if (reader.ValueTextEquals("error"u8))
            {
                reader.Read();
                isError = reader.TokenType != JsonTokenType.Null;
                reader.Skip();
            }
            else if (reader.ValueTextEquals("choices"u8))
            {
                reader.Read();
                isFinish = HasFinish(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return isError ? ChunkKind.Error : isFinish ? ChunkKind.Finish : ChunkKind.Delta;
    }

    /// <summary>Whether one of the choices, at whose array the reader stands, says why it came to its end. Leaves the reader at the array's end.</summary>
    private static bool HasFinish(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return false;
        }

        var (depth, hasFinish, inObject) = (reader.CurrentDepth, false, false);
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.CurrentDepth == depth + 1)
            {
                inObject = reader.TokenType == JsonTokenType.StartObject;
            }
            else if (inObject && reader.CurrentDepth == depth + 2 && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("finish_reason"u8))
            {
                reader.Read();
                hasFinish |= reader.TokenType == JsonTokenType.String;
                reader.Skip();
            }
        }

        return hasFinish;
    }
}
