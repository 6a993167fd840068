using System.Collections.Concurrent;
using System.Diagnostics;

namespace Fairway.Testing;

/// <summary>What to start: program, arguments, and what its environment differs in.</summary>
public sealed record RealProcessStart(string Program, params string[] Arguments)
{
    public string? WorkingDirectory { get; init; }

    /// <summary>Variables added to this process's own environment; a null value removes one.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();
}

/// <summary>
/// A real program run by a test: started, waited for, frozen, killed and stopped by its own pid. Its
/// output is kept for the message of a failing test. Whatever still runs when the test host exits is killed.
/// </summary>
public sealed class RealProcess : IAsyncDisposable
{
    private const int KeptLines = 2000;

    private static readonly ConcurrentDictionary<RealProcess, byte> Running = new();

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private int _isDisposed;

    static RealProcess() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (var process in Running.Keys)
        {
            process.Kill();
        }
    };

    private RealProcess(RealProcessStart start)
    {
        Name = Path.GetFileName(start.Program);
        var info = new ProcessStartInfo(start.Program, start.Arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = start.WorkingDirectory ?? string.Empty,
        };
        foreach (var (name, value) in start.Environment)
        {
            info.Environment[name] = value;
        }

        _process = new Process { StartInfo = info };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        Running.TryAdd(this, 0);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Name { get; }

    public int Pid => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>The lines written so far to standard output and standard error, the last 2000 of them.</summary>
    public string Output => string.Join('\n', _lines);

    public static RealProcess Start(RealProcessStart start) => new(start);

    /// <summary>Starts one of Fairway's own programs, of which the test project has the build beside it.</summary>
    /// <param name="assembly">As <c>Fairway.Gateway.dll</c>.</param>
    public static RealProcess Dotnet(string assembly, params string[] arguments) => Start(
        new RealProcessStart("dotnet", [Path.Combine(AppContext.BaseDirectory, assembly), .. arguments])
        {
            WorkingDirectory = Path.GetTempPath(),
            Environment = new Dictionary<string, string?> { ["DOTNET_ENVIRONMENT"] = "Production", ["Logging__Console__FormatterName"] = "simple" },
        });

    /// <summary>The full path of an installed program.</summary>
    /// <exception cref="InvalidOperationException">It is not installed; the message names the Debian package.</exception>
    public static string Find(string program, string debianPackage)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Concat(["/usr/bin", "/usr/sbin", "/usr/local/bin"]);
        return folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException(
                $"'{program}' is not installed. Install it with: apt-get install {debianPackage}");
    }

    /// <summary>Returns when the probe says ready. A probe that throws counts as not ready yet.</summary>
    /// <exception cref="InvalidOperationException">The program exited first, or was not ready in time (30 s unless said).</exception>
    public async Task WaitReadyAsync(Func<Task<bool>> probe, TimeSpan? timeout = null)
    {
        var limit = timeout ?? TimeSpan.FromSeconds(30);
        try
        {
            await Eventually.TrueAsync(() => HasExited ? Task.FromResult(true) : Quietly(probe), limit);
        }
        catch (TimeoutException)
        {
            throw new InvalidOperationException($"{Name} was not ready within {limit.TotalSeconds:0} s:\n{Output}");
        }

        if (HasExited)
        {
            throw new InvalidOperationException($"{Name} exited with {ExitCode} before it was ready:\n{Output}");
        }
    }

    /// <summary>The first line of output, so far or to come, that satisfies the condition.</summary>
    public async Task<string> WaitForLineAsync(Func<string, bool> condition, TimeSpan? timeout = null)
    {
        string? found = null;
        await Eventually.True(
            () => (found = _lines.FirstOrDefault(condition)) != null || HasExited, timeout ?? TimeSpan.FromSeconds(30));
        if (found == null)
        {
            // Its last lines may still be on their way.
            await WaitForExitAsync(TimeSpan.FromSeconds(5));
        }

        return found ?? _lines.FirstOrDefault(condition)
            ?? throw new InvalidOperationException($"{Name} exited with {ExitCode} without the line waited for:\n{Output}");
    }

    /// <summary>SIGKILL; returns when the process is gone.</summary>
    public void Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit(TimeSpan.FromSeconds(10));
        }

        Running.TryRemove(this, out _);
    }

    /// <summary>SIGSTOP: the process keeps its sockets and answers nothing. Returns when all its threads stand still.</summary>
    public void Freeze()
    {
        Signal(Signals.Stop);
        if (!SpinWait.SpinUntil(StandsStill, TimeSpan.FromSeconds(5)))
        {
            throw new InvalidOperationException($"{Name} ({Pid}) did not stop.");
        }
    }

    /// <summary>SIGCONT.</summary>
    public void Resume() => Signal(Signals.Continue);

    /// <summary>SIGTERM, then SIGKILL when it is still there after the grace (5 s unless said).</summary>
    public async Task StopAsync(TimeSpan? grace = null)
    {
        if (!_process.HasExited)
        {
            Signal(Signals.Continue);
            Signal(Signals.Terminate);
            using var limit = new CancellationTokenSource(grace ?? TimeSpan.FromSeconds(5), TimeProvider.System);
            try
            {
                await _process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                Kill();
            }
        }

        Running.TryRemove(this, out _);
    }

    /// <summary>Returns when the program ended by itself and all its output was read.</summary>
    public async Task<int> WaitForExitAsync(TimeSpan timeout)
    {
        using var limit = new CancellationTokenSource(timeout, TimeProvider.System);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{Name} still runs after {timeout.TotalSeconds:0} s:\n{Output}");
        }

        Running.TryRemove(this, out _);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            await StopAsync();
            _process.Dispose();
        }
    }

    private static async Task<bool> Quietly(Func<Task<bool>> probe)
    {
        try
        {
            return await probe();
        }
        catch (Exception)
        {
            return false;
        }
    }

    private void Keep(string? line)
    {
        if (line == null)
        {
            return;
        }

        _lines.Enqueue(line);
        while (_lines.Count > KeptLines)
        {
            _lines.TryDequeue(out _);
        }
    }

    // The signal is taken by one thread after another; one that is not yet stopped may still answer.
    private bool StandsStill() => Directory.EnumerateDirectories($"/proc/{Pid}/task").All(thread =>
    {
        var stat = File.ReadAllText(Path.Combine(thread, "stat"));
        return stat[stat.LastIndexOf(')') + 2] == 'T';
    });

    private void Signal(int signal)
    {
        if (!_process.HasExited)
        {
            Signals.Send(_process.Id, signal);
        }
    }
}
