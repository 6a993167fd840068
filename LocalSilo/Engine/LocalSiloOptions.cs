using System.Reflection;

namespace Fairway.LocalSilo;

/// <summary>What is the local engine's own.</summary>
public sealed class LocalSiloOptions
{
    /// <summary>Where grains are looked for. Empty, the default: in every assembly that is loaded or reachable and uses the engine.</summary>
    public IList<Assembly> Assemblies { get; } = [];
}
