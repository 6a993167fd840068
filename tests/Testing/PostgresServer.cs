using System.Diagnostics;
using System.Globalization;

namespace Fairway.Testing;

/// <summary>One real PostgreSQL on a free loopback port. It refuses to run as root, so root runs it as the user <c>postgres</c>.</summary>
public sealed class PostgresServer : RealServer
{
    private const string Account = "postgres";
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    private readonly string _programs = Programs();

    private PostgresServer()
        : base("PostgreSQL")
    {
    }

    public int Port { get; } = FreePort.Next();

    /// <summary>For Npgsql: the superuser <c>fairway</c>, without a password.</summary>
    public string ConnectionString => $"Host=127.0.0.1;Port={Port};Username=fairway;Database=postgres";

    protected override TimeSpan StartLimit => TimeSpan.FromMinutes(3);

    private static bool IsRoot => Environment.UserName == "root";

    /// <summary>Makes a database cluster, starts PostgreSQL and waits until it answers.</summary>
    /// <exception cref="InvalidOperationException">It is not installed, or did not start; the message says which.</exception>
    public static Task<PostgresServer> StartAsync() => BeginAsync(new PostgresServer());

    /// <summary>Stops it, ending sessions ("fast"); the data stays.</summary>
    public override async Task StopAsync()
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

    protected override RealProcessStart Command() => AsAccount(
        "postgres", "-D", Folder["data"], "-p", $"{Port}", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
        "-c", "max_connections=200", "-c", "synchronous_commit=on", "-c", "wal_sync_method=fdatasync");

    protected override async Task<bool> AnswersAsync() => await RunAsync("pg_isready", "-h", "127.0.0.1", "-p", $"{Port}") == 0;

    protected override async Task PrepareAsync()
    {
        if (IsRoot)
        {
            using var chown = System.Diagnostics.Process.Start("chown", [Account, Folder.Path]);
            await chown.WaitForExitAsync();
        }

        var made = await RunAsync("initdb", "-D", Folder["data"], "-U", "fairway", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync");
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
