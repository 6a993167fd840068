using System.Text.Json;

namespace Fairway.Sdk.Configuration;

/// <summary>A JSON object as keys and texts: nested names and array indices are joined by <c>:</c>, as <c>IConfiguration</c> has them.</summary>
internal static class JsonValues
{
    private static readonly JsonDocumentOptions Lenient = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <exception cref="ConfigException"><c>CONFIG_MALFORMED</c>.</exception>
    public static Dictionary<string, string> Read(ReadOnlyMemory<byte> utf8, string what)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8, Lenient);
            var values = new Dictionary<string, string>(StringComparer.Ordinal);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new ConfigException(ConfigErrors.Malformed, $"{what} is no JSON object.");
            }

            Add(values, "", document.RootElement);
            return values;
        }
        catch (JsonException e)
        {
            throw new ConfigException(ConfigErrors.Malformed, $"{what} is no JSON: {e.Message}", e);
        }
    }

    private static void Add(Dictionary<string, string> values, string path, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    Add(values, path.Length == 0 ? property.Name : $"{path}:{property.Name}", property.Value);
                }

                break;
            case JsonValueKind.Array:
                var index = 0;
                foreach (var item in element.EnumerateArray())
                {
                    Add(values, $"{path}:{index++}", item);
                }

                break;
            case JsonValueKind.Null:
                break;
            case JsonValueKind.String:
                values[path] = element.GetString()!;
                break;
            default:
                values[path] = element.GetRawText();
                break;
        }
    }
}
