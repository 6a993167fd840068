using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Releases.Executors;

/// <summary>Runs a program without a shell: what stands in a placeholder stays one argument, whatever it holds.</summary>
internal sealed class CommandExecutor(IOptions<ReleaseOptions> options, TimeProvider time) : IReleaseExecutor
{
    private const int KeptOutput = 500;

    public async Task ScaleAsync(ScaleRequest request, CancellationToken cancellationToken)
    {
        var words = options.Value.Command!.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => Fill(word, request)).ToArray();
        using var process = Start(words);
        var output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(CancellationToken.None), process.StandardError.ReadToEndAsync(CancellationToken.None));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(options.Value.CommandSeconds), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await process.WaitForExitAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellationToken.ThrowIfCancellationRequested();
            throw new ExecutorException($"'{words[0]}' took over {options.Value.CommandSeconds:0} s.");
        }

        if (process.ExitCode != 0)
        {
            var said = string.Concat(await output).Trim();
            throw new ExecutorException($"'{words[0]}' ended with {process.ExitCode}: {said[Math.Max(0, said.Length - KeptOutput)..]}");
        }
    }

    private static string Fill(string word, ScaleRequest request) => word
        .Replace("{service}", request.Service, StringComparison.Ordinal)
        .Replace("{version}", request.Version, StringComparison.Ordinal)
        .Replace("{lane}", request.Lane, StringComparison.Ordinal)
        .Replace("{count}", request.Count.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
        .Replace("{stop}", string.Join(',', request.Stop.Select(target => target.Id)), StringComparison.Ordinal);

    private static Process Start(string[] words)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(words[0], words[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        }
        catch (Win32Exception e)
        {
            throw new ExecutorException($"'{words[0]}' cannot be started: {e.Message}", e);
        }
    }
}
