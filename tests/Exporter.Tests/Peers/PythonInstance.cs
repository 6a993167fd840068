using Fairway.Testing;

namespace Fairway.Exporter.Tests.Peers;

/// <summary>The sample <c>samples/python-orca</c> as a real process, run by the system's Python with Debian's grpcio.</summary>
internal sealed class PythonInstance : IAsyncDisposable
{
    private const string Python = "/usr/bin/python3";

    private PythonInstance(RealProcess process, string address)
    {
        Process = process;
        Address = address;
    }

    public RealProcess Process { get; }

    public string Address { get; }

    public static async Task<PythonInstance> StartAsync()
    {
        if (!File.Exists(Python) || !Directory.Exists("/usr/lib/python3/dist-packages/grpc"))
        {
            throw new InvalidOperationException($"{Python} has no grpcio. Install it with: apt-get install python3-grpcio");
        }

        var process = RealProcess.Start(new RealProcessStart(Python, Path.Combine(AppContext.BaseDirectory, "Peers", "orca_server.py")));
        var line = await process.WaitForLineAsync(line => line.StartsWith("PORT ", StringComparison.Ordinal));
        return new PythonInstance(process, $"127.0.0.1:{line[5..]}");
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();
}
