using System.Text;
using System.Text.Json.Nodes;

namespace Fairway.Gateway.Http;

/// <summary>Answers a write with the document as it is stored.</summary>
internal static class Stored
{
    /// <summary>201 or 200.</summary>
    /// <param name="defaults">Fields that the registry leaves out when empty, to be shown with these values.</param>
    public static IResult Answer(bool created, ReadOnlySpan<byte> stored, JsonObject? defaults = null)
    {
        var document = JsonNode.Parse(stored)!.AsObject();
        foreach (var (field, value) in defaults ?? [])
        {
            if (!document.ContainsKey(field))
            {
                document[field] = value?.DeepClone();
            }
        }

        return TypedResults.Text(document.ToJsonString(), "application/json", Encoding.UTF8, created ? 201 : 200);
    }
}
