using Fairway.Testing;

namespace Fairway.GrpcWire.Tests;

/// <summary>The scripts beside these tests, run by the system's Python, which has Debian's grpcio.</summary>
internal static class PythonPeer
{
    private const string Python = "/usr/bin/python3";

    public static RealProcess Start(string script, params string[] arguments)
    {
        if (!File.Exists(Python) || !Directory.Exists("/usr/lib/python3/dist-packages/grpc"))
        {
            throw new InvalidOperationException($"{Python} has no grpcio. Install it with: apt-get install python3-grpcio");
        }

        return RealProcess.Start(new RealProcessStart(
            Python, [Path.Combine(AppContext.BaseDirectory, "peers", script), .. arguments]));
    }
}
