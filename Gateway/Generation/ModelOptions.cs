using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Generation;

/// <summary>One upstream model. Configuration section <c>Models:{name}</c>; users ask for it by that name.</summary>
public sealed class ModelOptions
{
    /// <summary>Where its OpenAI-compatible API stands, <c>/v1</c> included, e.g. <c>https://host/v1</c>; a host alone stands for its <c>/v1</c>.</summary>
    public string BaseUrl { get; set; } = "";

    /// <summary>Where chat requests go: under the base as it is, or under its <c>/v1</c> when it names a host alone.</summary>
    public Uri ChatCompletions() =>
        new($"{BaseUrl.TrimEnd('/')}{(new Uri(BaseUrl).AbsolutePath == "/" ? "/v1" : "")}/chat/completions");

    /// <summary>Sent as bearer token; none when empty.</summary>
    public string ApiKey { get; set; } = "";

    /// <summary>Its name upstream. Default: the name users ask for.</summary>
    public string Model { get; set; } = "";

    /// <summary>Seconds without a byte after which a call is given up. Default 60.</summary>
    public double IdleTimeoutSeconds { get; set; } = 60;
}

/// <summary>All models by the name users ask for.</summary>
public sealed class ModelsOptions
{
    public const string Section = "Models";

    public Dictionary<string, ModelOptions> ByName { get; } = new(StringComparer.Ordinal);

    /// <summary>The model of that name; without a name, the first in ordinal order. Null: none.</summary>
    public KeyValuePair<string, ModelOptions>? Find(string? name) =>
        name is null
            ? ByName.Count == 0 ? null : ByName.MinBy(model => model.Key, StringComparer.Ordinal)
            : ByName.TryGetValue(name, out var model) ? KeyValuePair.Create(name, model) : null;
}

internal sealed class ModelsOptionsValidator : IValidateOptions<ModelsOptions>
{
    public ValidateOptionsResult Validate(string? name, ModelsOptions options)
    {
        List<string> failures = [];
        foreach (var (model, own) in options.ByName)
        {
            if (!Uri.TryCreate(own.BaseUrl, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            {
                failures.Add($"{ModelsOptions.Section}:{model}:BaseUrl is '{own.BaseUrl}'; it must be an http or https URL.");
            }

            if (own.IdleTimeoutSeconds is not (> 0 and <= 3600))
            {
                failures.Add($"{ModelsOptions.Section}:{model}:IdleTimeoutSeconds is {own.IdleTimeoutSeconds}; it must be above 0 and at most 3600.");
            }

            if (own.ApiKey.Any(character => character is < '!' or > '~'))
            {
                failures.Add($"{ModelsOptions.Section}:{model}:ApiKey has a character that a header cannot carry.");
            }
        }

        return failures.Count > 0 ? ValidateOptionsResult.Fail(failures) : ValidateOptionsResult.Success;
    }
}
