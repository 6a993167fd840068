using System.Text.Json.Serialization;
using Fairway.Gateway.Generation;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Relay;

/// <summary><c>GET /v1/models</c>: the configured models, under the names that requests use.</summary>
internal sealed class ModelList(IOptions<ModelsOptions> models, TimeProvider clock)
{
    private readonly long _created = clock.GetUtcNow().ToUnixTimeSeconds();

    public ModelListDocument All() => new([.. models.Value.ByName.Keys.Order(StringComparer.Ordinal).Select(Of)]);

    /// <exception cref="RelayException"><c>model_not_found</c>.</exception>
    public ModelDocument One(string id) => models.Value.ByName.ContainsKey(id) ? Of(id) : throw new RelayException(RelayError.UnknownModel(id));

    private ModelDocument Of(string id) => new(id, _created);
}

/// <summary>All models.</summary>
public sealed record ModelListDocument(IReadOnlyList<ModelDocument> Data)
{
    [JsonPropertyName("object")]
    public string Kind => "list";
}

/// <summary>One model.</summary>
/// <param name="Created">When this Gateway learned of it, in Unix seconds.</param>
public sealed record ModelDocument(string Id, long Created)
{
    [JsonPropertyName("object")]
    public string Kind => "model";

    [JsonPropertyName("owned_by")]
    public string OwnedBy => "fairway";
}
