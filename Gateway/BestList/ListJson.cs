using System.Text.Json;
using System.Text.Json.Serialization;
using Fairway.Core.Directory;
using Fairway.Gateway.Lanes;
using Fairway.Registry.Schema;

namespace Fairway.Gateway.BestList;

/// <summary>How the lists are spelled: camelCase, nulls written, states in lower case.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, Converters = [typeof(StateConverter), typeof(UtcConverter)])]
[JsonSerializable(typeof(ServicesDocument))]
[JsonSerializable(typeof(BestDocument))]
[JsonSerializable(typeof(EdgeDocument))]
[JsonSerializable(typeof(LanesDocument))]
internal sealed partial class ListJson : JsonSerializerContext;

internal sealed class StateConverter() : JsonStringEnumConverter<InstanceState>(JsonNamingPolicy.CamelCase);
