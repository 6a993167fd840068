using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Fairway.Registry.Schema;

/// <summary>Reads and writes the documents' JSON.</summary>
internal static class DocumentJson
{
    public static bool TryRead<T>(ReadOnlySpan<byte> utf8, JsonTypeInfo<T> type, [NotNullWhen(true)] out T? document)
        where T : class
    {
        try
        {
            document = JsonSerializer.Deserialize(utf8, type);
        }
        catch (JsonException)
        {
            document = null;
        }

        return document is not null;
    }

    /// <summary>Writes the document's fields, and after them those of <paramref name="unknownFrom"/> that its type does not know.</summary>
    public static byte[] Write<T>(T document, JsonTypeInfo<T> type, JsonObject? unknownFrom)
        where T : class
    {
        if (unknownFrom is null)
        {
            return JsonSerializer.SerializeToUtf8Bytes(document, type);
        }

        var merged = JsonSerializer.SerializeToNode(document, type)!.AsObject();
        var known = type.Properties.Select(property => property.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in unknownFrom)
        {
            if (!known.Contains(name))
            {
                merged[name] = value?.DeepClone();
            }
        }

        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            merged.WriteTo(writer);
        }

        return buffer.ToArray();
    }
}
