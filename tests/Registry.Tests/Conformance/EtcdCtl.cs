using System.Diagnostics;
using Fairway.Testing;

namespace Fairway.Registry.Tests.Conformance;

/// <summary>Runs Debian's etcdctl.</summary>
public sealed class EtcdCtl(string endpoint)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly string Program = RealProcess.Find("etcdctl", "etcd-client");

    public async Task<(int Code, string Output, string Error)> TryAsync(string[] arguments, string input = "")
    {
        using var process = Start(arguments);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }

        return (process.ExitCode, await output, await error);
    }

    public async Task<string> RunAsync(params string[] arguments)
    {
        var (code, output, error) = await TryAsync(arguments);
        Assert.True(code == 0, $"etcdctl {string.Join(' ', arguments)}: {code} {error}");
        return output;
    }

    /// <summary>Starts a command that goes on, such as watch; its output is text by lines.</summary>
    public RealProcess Follow(params string[] arguments) => RealProcess.Start(new RealProcessStart(Program, [.. Global(), .. arguments])
    {
        Environment = new Dictionary<string, string?> { ["ETCDCTL_API"] = "3" },
    });

    private string[] Global() => ["--endpoints", endpoint, "--command-timeout", "8s"];

    private Process Start(string[] arguments)
    {
        var info = new ProcessStartInfo(Program, [.. Global(), .. arguments])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        info.Environment["ETCDCTL_API"] = "3";
        return Process.Start(info)!;
    }
}
