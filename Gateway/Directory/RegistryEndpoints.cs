namespace Fairway.Gateway.Directory;

/// <summary>Where other processes find the registry.</summary>
/// <param name="configured">The etcd endpoints that were configured; null or empty when the embedded registry is served.</param>
public sealed class RegistryEndpoints(string? configured, EmbeddedRegistry? embedded)
{
    public string? Urls => embedded?.Endpoint?.ToString().TrimEnd('/') ?? configured;
}
