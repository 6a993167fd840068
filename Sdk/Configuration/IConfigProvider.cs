namespace Fairway.Sdk.Configuration;

/// <summary>Where configuration comes from. Retrying is the <see cref="ConfigCentre"/>'s.</summary>
public interface IConfigProvider
{
    /// <summary>What <c>Fairway:Config:Provider</c> calls it.</summary>
    string Name { get; }

    /// <summary>
    /// The namespace whole, then whole again after each change. Ends in <see cref="ConfigException"/> when the source is away or
    /// has no such namespace: what was read stands.
    /// </summary>
    IAsyncEnumerable<ConfigValues> WatchAsync(string space, CancellationToken cancellationToken);
}

/// <summary>A source of configuration cannot be read.</summary>
public sealed class ConfigException(string code, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>One of <see cref="ConfigErrors"/>.</summary>
    public string Code { get; } = code;
}

/// <summary>Stable codes of configuration.</summary>
public static class ConfigErrors
{
    /// <summary>No server or file answers.</summary>
    public const string Away = "CONFIG_AWAY";

    /// <summary>The source has no such namespace.</summary>
    public const string NamespaceUnknown = "CONFIG_NAMESPACE_UNKNOWN";

    /// <summary>What the source has cannot be read.</summary>
    public const string Malformed = "CONFIG_MALFORMED";

    /// <summary>The source does not accept the key or signature.</summary>
    public const string Unauthenticated = "CONFIG_UNAUTHENTICATED";

    /// <summary>No provider has this name.</summary>
    public const string ProviderUnknown = "CONFIG_PROVIDER_UNKNOWN";
}
