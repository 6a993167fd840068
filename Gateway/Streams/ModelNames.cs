namespace Fairway.Gateway.Streams;

/// <summary>The names under which models are configured: <c>Models:{name}</c>.</summary>
internal sealed class ModelNames(IConfiguration configuration)
{
    public bool Knows(string name) =>
        configuration.GetSection("Models").GetChildren().Any(model => string.Equals(model.Key, name, StringComparison.Ordinal));
}
