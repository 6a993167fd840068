namespace Fairway.GrainInterfaces.Directory;

/// <summary>Keys of grains of which the cluster has one.</summary>
public static class GrainKeys
{
    /// <summary>The one <see cref="IRegistryGrain"/>.</summary>
    public const string Registry = "registry";
}
