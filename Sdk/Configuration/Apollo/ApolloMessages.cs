using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fairway.Sdk.Configuration.Apollo;

/// <summary>What <c>/configs</c> answers.</summary>
internal sealed record ApolloConfig(string? NamespaceName, string? ReleaseKey, Dictionary<string, string>? Configurations);

/// <summary>What <c>/notifications/v2</c> is asked and answers, one a namespace.</summary>
/// <param name="Messages">Goes back into the next read of the values, so that a server that lags behind reads them afresh.</param>
internal sealed record ApolloNotification(string NamespaceName, long NotificationId, JsonElement? Messages = null);

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ApolloConfig))]
[JsonSerializable(typeof(List<ApolloNotification>))]
internal sealed partial class ApolloJson : JsonSerializerContext;
