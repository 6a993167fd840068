using System.Diagnostics;
using System.Globalization;

namespace Fairway.Testing;

/// <summary>
/// One real PostgreSQL on a free loopback port with a temporary data folder. It keeps port and data over <see cref="Kill"/> and
/// <see cref="RestartAsync"/>. It refuses to run as root, so root runs it as the user <c>postgres</c>.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Account = "postgres";
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    private readonly TempFolder _folder = new();
    private readonly string _programs = Programs();
    private RealProcess? _process;

    private PostgresServer()
    {
    }

    public int Port { get; } = FreePort.Next();

    /// <summary>For Npgsql: the superuser <c>fairway</c>, without a password.</summary>
    public string ConnectionString => $"Host=127.0.0.1;Port={Port};Username=fairway;Database=postgres";

    public RealProcess Process => _process ?? throw new InvalidOperationException("PostgreSQL is not started.");

    private static bool IsRoot => Environment.UserName == "root";

    /// <summary>Makes a database cluster, starts PostgreSQL and waits until it answers.</summary>
    /// <exception cref="InvalidOperationException">It is not installed, or did not start; the message says which.</exception>
    public static async Task<PostgresServer> StartAsync()
    {
        var server = new PostgresServer();
        try
        {
            await server.InitializeAsync();
            await server.RestartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>SIGKILL to the server and all its children: no goodbye to clients; what was committed stays.</summary>
    public void Kill() => Process.Kill();

    /// <summary>Stops it, ending sessions ("fast"); the data stays.</summary>
    public async Task StopAsync()
    {
        if (!Process.HasExited)
        {
            Signals.Send(Process.Pid, Signals.Interrupt);
            try
            {
                await Process.WaitForExitAsync(StopLimit);
            }
            catch (TimeoutException)
            {
                Process.Kill();
            }
        }
    }

    public void Freeze() => Process.Freeze();

    public void Resume() => Process.Resume();

    /// <summary>Starts it on the same port and data, stopping it before if it still runs.</summary>
    public async Task RestartAsync()
    {
        if (_process != null)
        {
            await StopAsync();
        }

        _process = RealProcess.Start(AsAccount(
            "postgres", "-D", _folder["data"], "-p", $"{Port}", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
            "-c", "max_connections=200", "-c", "synchronous_commit=on", "-c", "wal_sync_method=fdatasync"));
        await _process.WaitReadyAsync(async () => await RunAsync("pg_isready", "-h", "127.0.0.1", "-p", $"{Port}") == 0, TimeSpan.FromMinutes(3));
    }

    public async ValueTask DisposeAsync()
    {
        if (_process != null)
        {
            await StopAsync();
            await _process.DisposeAsync();
        }

        _folder.Dispose();
    }

    private async Task InitializeAsync()
    {
        if (IsRoot)
        {
            using var chown = System.Diagnostics.Process.Start("chown", [Account, _folder.Path]);
            await chown.WaitForExitAsync();
        }

        var made = await RunAsync("initdb", "-D", _folder["data"], "-U", "fairway", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync");
        if (made != 0)
        {
            throw new InvalidOperationException($"initdb ended with {made}.");
        }
    }

    private async Task<int> RunAsync(string program, params string[] arguments)
    {
        var start = AsAccount(program, arguments);
        var info = new ProcessStartInfo(start.Program, start.Arguments) { RedirectStandardOutput = true, WorkingDirectory = start.WorkingDirectory };
        using var process = System.Diagnostics.Process.Start(info)!;
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    private RealProcessStart AsAccount(string program, params string[] arguments)
    {
        var path = Path.Combine(_programs, program);
        return IsRoot
            ? new RealProcessStart("setpriv", [$"--reuid={Account}", $"--regid={Account}", "--init-groups", "--", path, .. arguments]) { WorkingDirectory = "/" }
            : new RealProcessStart(path, arguments) { WorkingDirectory = "/" };
    }

    /// <summary>The newest installed version's programs; Debian keeps them apart by version.</summary>
    private static string Programs() =>
        Directory.Exists("/usr/lib/postgresql")
        && Directory.EnumerateDirectories("/usr/lib/postgresql").Where(folder => File.Exists(Path.Combine(folder, "bin", "postgres")))
            .MaxBy(folder => double.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture)) is { } newest
            ? Path.Combine(newest, "bin")
            : throw new InvalidOperationException("PostgreSQL is not installed. Install it with: apt-get install postgresql");
}
