using System.Reflection;
using Fairway.Testing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.Extensions.Hosting;

namespace Fairway.LocalSilo.Tests;

/// <summary>What the engine refuses at start. Each case is compiled on its own, so that it spoils no other host.</summary>
public sealed class RefusalTests
{
    private static readonly MetadataReference[] References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) is var file && (file.StartsWith("System.", StringComparison.Ordinal) || file == "netstandard.dll"))
            .Append(typeof(IGrain).Assembly.Location)
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    private const string Contract = "[Alias(\"c\")] public interface IBad : IGrainWithStringKey { ";

    [Theory]
    [InlineData("LS001", "public interface IBad : IGrainWithStringKey { }")]
    [InlineData("LS001", "public interface IBad : IGrainObserver { }")]
    [InlineData("LS002", Contract + "Task M(); }")]
    [InlineData("LS003", Contract + "[Alias(\"M\")] int M(); }")]
    [InlineData("LS003", Contract + "[Alias(\"M\")] IAsyncEnumerable<int> M(); }")]
    [InlineData("LS004", Contract + "[Alias(\"M\")] Task M(List<int> list); }")]
    [InlineData("LS004", Contract + "[Alias(\"M\")] Task M(byte[] bytes); }")]
    [InlineData("LS004", Contract + "[Alias(\"M\")] Task M(ReadOnlyMemory<byte> bytes); }")]
    [InlineData("LS004", Contract + "[Alias(\"M\")] Task M(IReadOnlyList<int> list); }")]
    [InlineData("LS004", Contract + "[Alias(\"M\")] Task M(object anything); }")]
    [InlineData("LS004", Contract + "[Alias(\"M\")] Task M(ImmutableArray<int[]> arrays); }")]
    [InlineData("LS004", Contract + "[Alias(\"M\")] Task M(Wire wire); } [GenerateSerializer, Alias(\"w\")] public record Wire(int A);")]
    [InlineData("LS005", Contract + "[Alias(\"M\")] Task<int[]> M(); }")]
    [InlineData("LS005", Contract + "[Alias(\"M\")] ValueTask<Dictionary<string, int>> M(); }")]
    [InlineData("LS006", "[Alias(\"c\")] public interface IBad : IGrainWithGuidKey { }")]
    [InlineData("LS006", "[Alias(\"c\")] public interface IBad : IGrainWithIntegerKey { }")]
    [InlineData("LS006", "[Alias(\"c\")] public interface IBad : IGrain { }")]
    [InlineData("LS007", Contract + "[Alias(\"M\")] Task M<T>(); }")]
    [InlineData("LS007", "[Alias(\"c\")] public interface IBad<T> : IGrainWithStringKey { }")]
    [InlineData("LS008", Contract + "} public class BadException : Exception { }")]
    [InlineData("LS009", Contract + "} public class S { } public class G([PersistentState(\"s\")] IPersistentState<S> s) : Grain, IBad { public object X => s; }")]
    [InlineData("LS010", "[GenerateSerializer, Alias(\"w\")] public class Wire { public int A { get; set; } }")]
    [InlineData("LS010", "[GenerateSerializer, Alias(\"w\")] public record Wire(int A) { public int B { get; init; } }")]
    [InlineData("LS010", "[GenerateSerializer, Alias(\"w\")] public struct Wire { public int A; }")]
    [InlineData("LS011", "[GenerateSerializer] public record Wire(int A);")]
    [InlineData("LS012", Contract + "[Alias(\"M\")] Task M(ref int a); }")]
    [InlineData("LS013", Contract + "[Alias(\"M\")] Task M(CancellationToken token, int a); }")]
    [InlineData("LS014", Contract + "int P { get; } }")]
    [InlineData("LS015", "[GenerateSerializer, Alias(\"w\")] public class Wire { [Id(0)] public int A { get; set; } [Id(0)] public int B { get; set; } }")]
    [InlineData("LS016", Contract + "[Alias(\"M\")] Task M(); [Alias(\"M\")] Task N(); }")]
    [InlineData("LS016", "[GenerateSerializer, Alias(\"w\")] public record A(int X); [GenerateSerializer, Alias(\"w\")] public record B(int X);")]
    [InlineData("LS017", Contract + "} [GrainType(\"g\")] public class A : Grain, IBad { } [GrainType(\"g\")] public class B : Grain, IBad { }")]
    [InlineData("LS018", Contract + "} public class G : Grain, IBad { private G() { } }")]
    [InlineData("LS019", Contract + "[Alias(\"M\")] Task M(Wire wire); } [Immutable] public record Wire(int A);")]
    [InlineData("LS019", Contract + "[Alias(\"M\")] Task M(ImmutableArray<Wire> wires); } [Immutable] public record Wire(int A);")]
    public async Task Start_WithViolation_RefusesWithItsCodeAlone(string code, string source)
    {
        var refused = await Assert.ThrowsAsync<OrleansConfigurationException>(() => StartAsync(source));

        var found = refused.Message.Split(Environment.NewLine).Skip(1).Select(line => line.Split(' ')[0]).Distinct();
        Assert.Equal([code], found);
    }

    [Fact]
    public async Task Start_WithSeveralViolations_ListsAll()
    {
        var refused = await Assert.ThrowsAsync<OrleansConfigurationException>(() => StartAsync("public interface IBad : IGrainWithStringKey { Task M(int[] a); }"));

        Assert.Contains("3 reason(s)", refused.Message, StringComparison.Ordinal);
        Assert.Contains("LS001 IBad lacks [Alias].", refused.Message, StringComparison.Ordinal);
        Assert.Contains("LS002 IBad.M lacks [Alias].", refused.Message, StringComparison.Ordinal);
        Assert.Contains("LS004 the parameter a of IBad.M is System.Int32[]", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Contract + "[Alias(\"M\")] Task M(int a, string b, Guid c, DayOfWeek d, Uri? e, DateTimeOffset? f, ImmutableArray<string> g, FrozenDictionary<string, int> h, (int, string) i, IBad j, CancellationToken token); }")]
    [InlineData(Contract + "[Alias(\"M\")] Task<Wire> M([Immutable] byte[] marked); } [GenerateSerializer, Immutable, Alias(\"w\")] public sealed record Wire(ImmutableArray<int> A) { [Id(9)] public string? B { get; init; } public int Computed => 1; }")]
    [InlineData("[Alias(\"o\")] public interface IGood : IGrainObserver { [Alias(\"M\")] void M(string a); }")]
    [InlineData(Contract + "} [GenerateSerializer, Alias(\"e\")] public sealed class GoodException(string message) : Exception(message);")]
    public async Task Start_WithoutViolation_Runs(string source)
    {
        using var host = await StartAsync(source);

        await host.StopAsync();
    }

    private static async Task<IHost> StartAsync(string source)
    {
        var assembly = Compile(source);
        var host = TestHost.Build(new ManualClock(), silo => silo.Configure<LocalSiloOptions>(options => options.Assemblies.Add(assembly)));
        try
        {
            await host.StartAsync();
            return host;
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    private static Assembly Compile(string source)
    {
        const string usings = "using System; using System.Collections.Generic; using System.Collections.Immutable; using System.Collections.Frozen; using System.Threading; using System.Threading.Tasks; using Orleans; using Orleans.Runtime;\n#nullable enable\n";
        var compilation = CSharpCompilation.Create(
            "Case" + Guid.NewGuid().ToString("N"),
            [CSharpSyntaxTree.ParseText(usings + source)],
            References,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        using var image = new MemoryStream();
        var made = compilation.Emit(image);
        Assert.True(made.Success, string.Join(Environment.NewLine, made.Diagnostics));
        image.Position = 0;
        return new System.Runtime.Loader.AssemblyLoadContext(null, isCollectible: true).LoadFromStream(image);
    }
}
