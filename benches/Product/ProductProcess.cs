using Fairway.Testing;

namespace Fairway.Product;

/// <summary>The product's programs as processes of their own, from the same build as the bench.</summary>
public static class ProductProcess
{
    /// <summary>What writes need, of a Gateway started here.</summary>
    public const string AdminKey = "bench-admin";

    /// <summary>Hexadecimal; as <c>./run</c> and the containers start a Gateway.</summary>
    private const string Gen0Bytes = "4000000";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3); // of a machine on which much else runs

    /// <summary>A Gateway on a free port; with its embedded registry unless <paramref name="etcd"/> is given.</summary>
    public static async Task<(RealProcess Process, Uri Url)> StartGatewayAsync(TempFolder data, Uri? etcd = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        string[] arguments = ["--port", "0", "--data", data["gateway"], "--admin-key", AdminKey];
        return await StartAsync("Gateway", etcd is null ? arguments : [.. arguments, "--etcd", Text(etcd)]);
    }

    public static async Task<(RealProcess Process, Uri Url)> StartExporterAsync(Uri etcd, string id = "exporter") =>
        await StartAsync("Exporter", "--etcd", Text(etcd), "--id", id);

    /// <param name="etcd">The registry.</param>
    /// <param name="service">What it is one of.</param>
    /// <param name="id">Its own name.</param>
    /// <param name="lane">Must stand in the environment list; empty is base.</param>
    public static async Task<(RealProcess Process, Uri Url)> StartBackendAsync(Uri etcd, string service, string id, string lane = "") =>
        await StartAsync("Backend", "--etcd", Text(etcd), "--service", service, "--id", id, "--lane", lane, "--self-rps", "5");

    /// <summary>Starts a program of the product, or this one again, and waits for the address it says it is ready at.</summary>
    public static async Task<(RealProcess Process, Uri Url)> StartAsync(string name, params string[] arguments)
    {
        // artifacts/{engine}/bin/{project}/release
        var program = Path.Combine(AppContext.BaseDirectory, "..", "..", name, Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')), $"Fairway.{name}.dll");
        var process = RealProcess.Start(new RealProcessStart("dotnet", [Path.GetFullPath(program), .. arguments])
        {
            Environment = new Dictionary<string, string?> { ["DOTNET_EnableDiagnostics"] = "0", ["DOTNET_GCgen0size"] = name == "Gateway" ? Gen0Bytes : null },
        });
        try
        {
            var ready = await process.WaitForLineAsync(line => line.StartsWith("READY ", StringComparison.Ordinal), Patience);
            return (process, new Uri(ready["READY ".Length..].Trim()));
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    private static string Text(Uri url) => url.GetLeftPart(UriPartial.Authority);
}
