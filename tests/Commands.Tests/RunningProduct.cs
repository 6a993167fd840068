using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Fairway.Testing;

namespace Fairway.Commands.Tests;

/// <summary><c>./run</c> as a user starts it, with a data folder of its own.</summary>
public sealed class RunningProduct : IAsyncLifetime
{
    private readonly TempFolder _data = new();
    private RealProcess? _run;

    public static string Root { get; } = FindRoot();

    public HttpClient Http { get; } = new();

    public string DataFolder => _data["data"];

    /// <summary>Switches beside the usual ones.</summary>
    public string[] More { get; init; } = [];

    /// <summary>Whether other users reach the data folder, such as postgres, else its owner alone.</summary>
    public bool IsOpen { get; init; }

    public RealProcess Process => _run ?? throw new InvalidOperationException("./run is not started.");

    /// <summary>What dotnet test sets for its own build must not reach the build inside ./run.</summary>
    public static RealProcessStart Command(string name, params string[] arguments) =>
        new(Path.Combine(Root, name), arguments)
        {
            WorkingDirectory = Root,
            Environment = Environment.GetEnvironmentVariables().Keys.Cast<string>()
                .Where(key => key.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase) || key.StartsWith("VSTEST", StringComparison.OrdinalIgnoreCase))
                .ToDictionary(key => key, string? (_) => null),
        };

    public async Task InitializeAsync()
    {
        if (IsOpen && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_data.Path, File.GetUnixFileMode(_data.Path) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        }

        await File.WriteAllTextAsync(_data["services.json"], """{"services":{"legacy":{"legacy-1":{"address":"127.0.0.1:9"}}}}""");
        _run = RealProcess.Start(Command(
            "run", ["--port", "0", "--engine", Engine, "--data", DataFolder, "--admin-key", "test-admin", "--services", _data["services.json"], .. More]));
        var ready = await _run.WaitForLineAsync(line => line.StartsWith("READY ", StringComparison.Ordinal), TimeSpan.FromMinutes(5));
        Http.BaseAddress = new Uri(ready["READY ".Length..].Trim());
    }

    public async Task DisposeAsync()
    {
        Http.Dispose();
        if (_run is not null)
        {
            await _run.StopAsync(TimeSpan.FromSeconds(30));
            await _run.DisposeAsync();
        }

        _data.Dispose();
    }

    /// <summary>A program of this run's engine.</summary>
    public static string Program(string name) => Path.Combine(Root, $"artifacts/{Engine}/bin/{name}/release/Fairway.{name}.dll");

    /// <summary>Ids of the usable instances of a service, best first.</summary>
    public async Task<string[]> BestAsync(string service)
    {
        using var response = await Http.GetAsync(new Uri($"/v1/services/{service}/best", UriKind.Relative));
        if (!response.IsSuccessStatusCode)
        {
            return [];
        }

        var document = await response.Content.ReadFromJsonAsync<JsonElement>();
        return [.. document.GetProperty("instances").EnumerateArray().Select(instance => instance.GetProperty("id").GetString()!)];
    }

    /// <summary>The process under this ./run whose command line has <paramref name="words"/>, one after the other.</summary>
    public int PidOf(string words) => Processes().Single(entry => string.Join(' ', entry.CommandLine).Contains(words, StringComparison.Ordinal)).Pid;

    /// <summary>All processes that carry this run's data folder in their environment.</summary>
    public IReadOnlyList<(int Pid, string[] CommandLine)> Processes()
    {
        var found = new List<(int, string[])>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var pid))
            {
                continue;
            }

            try
            {
                if (File.ReadAllText($"{folder}/environ").Split('\0').Contains($"TMPDIR={DataFolder}/tmp"))
                {
                    found.Add((pid, File.ReadAllText($"{folder}/cmdline").Split('\0')));
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // ended while we looked
            }
        }

        return found;
    }

#if ENGINE_ORLEANS
    private const string Engine = "orleans";
#else
    private const string Engine = "local";
#endif

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Orleans.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests run outside the project.");
        }

        return folder.FullName;
    }
}
