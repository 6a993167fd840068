using System.Text.RegularExpressions;
using Fairway.Testing;

namespace Fairway.Sdk.Tests.Backend;

/// <summary>The sample service as a process of its own.</summary>
internal sealed partial class BackendProcess : IAsyncDisposable
{
    private BackendProcess(RealProcess process, Uri address)
    {
        Process = process;
        Http = new HttpClient { BaseAddress = address };
    }

    public RealProcess Process { get; }

    public HttpClient Http { get; }

    /// <summary>Starts it and waits until it says where it listens, registered or not.</summary>
    public static async Task<BackendProcess> StartAsync(params string[] arguments)
    {
        var process = Launch(arguments);
        try
        {
            var line = await process.WaitForLineAsync(text => ListeningAt().IsMatch(text), TimeSpan.FromMinutes(2));
            return new BackendProcess(process, new Uri($"http://{ListeningAt().Match(line).Groups["address"].Value}"));
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    public static RealProcess Launch(params string[] arguments) => RealProcess.Start(new RealProcessStart(
        RealProcess.Find("dotnet", "dotnet-sdk-10.0"), [Path.Combine(AppContext.BaseDirectory, "Fairway.Backend.dll"), .. arguments])
    {
        Environment = new Dictionary<string, string?> { ["FAIRWAY_ETCD"] = null, ["COLORING_ENV"] = null, ["ASPNETCORE_URLS"] = null },
    });

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Process.DisposeAsync();
    }

    [GeneratedRegex(@"(Registered|switched off) .*(at) (?<address>[0-9.]+:\d+)")]
    private static partial Regex ListeningAt();
}
