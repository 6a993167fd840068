using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Fairway.Gateway.Relay;

/// <summary>How answers of the relay are written: text as it is, not escaped for a page.</summary>
[JsonSerializable(typeof(JsonNode))]
internal sealed partial class ResponseJson : JsonSerializerContext
{
    public static ResponseJson Relaxed { get; } = new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
