using System.Reflection;
using Orleans;
using Orleans.Runtime;

namespace Fairway.LocalSilo;

/// <summary>The assemblies that use the engine, and what is declared in them.</summary>
internal sealed class ApplicationParts
{
    /// <param name="given">Where to look; empty to look in all that are loaded or reachable from them.</param>
    public ApplicationParts(IEnumerable<Assembly> given)
    {
        Assembly[] assemblies = [.. given];
        Types = [.. (assemblies.Length > 0 ? assemblies : Reachable()).Distinct().SelectMany(TypesOf)];
        Contracts = [.. Types.Where(type => type.IsInterface && typeof(IAddressable).IsAssignableFrom(type))];
        GrainClasses = [.. Types.Where(type => type is { IsClass: true, IsAbstract: false, IsGenericTypeDefinition: false }
            && typeof(IGrain).IsAssignableFrom(type) && !typeof(GrainReference).IsAssignableFrom(type) && GrainClass.ContractsOf(type).Length > 0)];
    }

    public IReadOnlyList<Type> Types { get; }

    /// <summary>The grain and observer interfaces.</summary>
    public IReadOnlyList<Type> Contracts { get; }

    public IReadOnlyList<Type> GrainClasses { get; }

    private static IEnumerable<Type> TypesOf(Assembly assembly)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException partial)
        {
            return partial.Types.OfType<Type>();
        }
    }

    private static IEnumerable<Assembly> Reachable()
    {
        var engine = typeof(IGrain).Assembly;
        var seen = new HashSet<string>();
        var open = new Queue<Assembly>(AppDomain.CurrentDomain.GetAssemblies().Where(assembly => assembly is { IsDynamic: false, IsCollectible: false }));
        while (open.TryDequeue(out var assembly))
        {
            if (!seen.Add(assembly.FullName!) || IsOfFramework(assembly.GetName()))
            {
                continue;
            }

            var references = assembly.GetReferencedAssemblies();
            if (Array.Exists(references, reference => reference.Name == engine.GetName().Name))
            {
                yield return assembly;
            }

            foreach (var reference in references.Where(reference => !IsOfFramework(reference) && !seen.Contains(reference.FullName)))
            {
                if (TryLoad(reference) is { } loaded)
                {
                    open.Enqueue(loaded);
                }
            }
        }
    }

    private static bool IsOfFramework(AssemblyName name) =>
        name.Name is "mscorlib" or "netstandard" or "System"
        || name.Name!.StartsWith("System.", StringComparison.Ordinal)
        || name.Name.StartsWith("Microsoft.", StringComparison.Ordinal);

    private static Assembly? TryLoad(AssemblyName name)
    {
        try
        {
            return Assembly.Load(name);
        }
        catch (Exception missing) when (missing is FileNotFoundException or FileLoadException or BadImageFormatException)
        {
            return null; // referenced, but not shipped: nothing of it can be used
        }
    }
}
