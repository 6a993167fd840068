using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Fairway.LocalSilo.Tests;

/// <summary>
/// Holds what LocalSilo declares in Orleans's namespaces against OrleansApi.txt: the surface of Orleans 10 of the types that
/// LocalSilo has, as Orleans's own API listings (src/api) state it. What compiles here must compile there.
/// </summary>
public sealed class SurfaceTests
{
    [Fact]
    public void Surface_InOrleansNamespaces_IsOrleansOwn()
    {
        var known = Listed();
        var declared = Declared().ToArray();
        Assert.Contains("public virtual System.Threading.Tasks.Task Orleans.Grain.OnActivateAsync(System.Threading.CancellationToken cancellationToken)", declared);
        var strange = declared.Where(line => !known.Contains(line)).Order(StringComparer.Ordinal).ToArray();

        Assert.True(strange.Length == 0, "Not in Orleans:" + Environment.NewLine + string.Join(Environment.NewLine, strange));
    }

    [Fact]
    public void Surface_OutsideOrleansNamespaces_IsTheEnginesOwn()
    {
        var own = typeof(IGrain).Assembly.GetExportedTypes().Where(type => !IsOrleans(type.Namespace!)).Select(type => type.FullName).Order(StringComparer.Ordinal);

        Assert.Equal(["Fairway.LocalSilo.GrainTypeStatistics", "Fairway.LocalSilo.LocalSiloOptions", "Fairway.LocalSilo.LocalSiloStatistics"], own);
    }

    private static IEnumerable<string> Declared()
    {
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path));
        var engine = MetadataReference.CreateFromFile(typeof(IGrain).Assembly.Location);
        var compilation = CSharpCompilation.Create("reader", references: references.Where(reference => reference.FilePath != engine.FilePath).Append(engine));
        var assembly = (IAssemblySymbol)compilation.GetAssemblyOrModuleSymbol(engine)!;
        return SymbolsIn(assembly.GlobalNamespace).Where(type => IsOrleans(type.ContainingNamespace.ToDisplayString())).SelectMany(ApiText.Of);
    }

    private static IEnumerable<INamedTypeSymbol> SymbolsIn(INamespaceSymbol space) =>
        space.GetTypeMembers().Where(type => type.DeclaredAccessibility == Accessibility.Public)
            .SelectMany(type => type.GetTypeMembers().Where(nested => nested.DeclaredAccessibility == Accessibility.Public).Prepend(type))
            .Concat(space.GetNamespaceMembers().SelectMany(SymbolsIn));

    private static bool IsOrleans(string space) => space == "Orleans" || space.StartsWith("Orleans.", StringComparison.Ordinal) || space == "Microsoft.Extensions.Hosting";

    private static HashSet<string> Listed()
    {
        using var stream = typeof(SurfaceTests).Assembly.GetManifestResourceStream("OrleansApi.txt")!;
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(line => line[0] != '#')];
    }
}
