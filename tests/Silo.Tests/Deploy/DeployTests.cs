using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Fairway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Fairway.Silo.Tests.Deploy;

/// <summary>What <c>docker-compose.yml</c> and <c>deploy/</c> say, held against the tools that read it and the sources it speaks of.</summary>
public sealed partial class DeployTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly DirectoryInfo Root = FindRoot();

    [ComposeFact]
    public async Task Compose_Config_IsClean()
    {
        var (code, output) = await RunAsync("docker", "compose", "-f", In("docker-compose.yml"), "config", "--quiet");

        Assert.Equal((0, ""), (code, output.Trim()));
    }

    [Theory]
    [InlineData("rules", "alerts.yml")]
    [InlineData("config", "prometheus.yml")]
    public async Task Prometheus_ItsFiles_AreAccepted(string what, string file)
    {
        var (code, output) = await RunAsync(RealProcess.Find("promtool", "prometheus"), "check", what, In("deploy/prometheus/" + file));

        Assert.True(code == 0, output);
    }

    [Theory]
    [InlineData("deploy/prometheus/alerts.yml")]
    [InlineData("deploy/grafana/dashboards/fairway.json")]
    [InlineData("docs/operations.md")]
    public void Metrics_NamedToOperators_Exist(string file)
    {
        var sources = Sources();
        var named = Metric().Matches(File.ReadAllText(In(file))).Select(match => Suffix().Replace(match.Value, "")).Distinct().ToList();

        Assert.NotEmpty(named);
        Assert.All(named, name => Assert.True(sources.Any(text => text.Contains(name, StringComparison.Ordinal)), $"{file} names {name}, which nothing measures"));
    }

    [Fact]
    public void Dashboard_EveryPanel_AsksForSomething()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(In("deploy/grafana/dashboards/fairway.json")));
        var panels = dashboard.RootElement.GetProperty("panels").EnumerateArray().Where(panel => panel.GetProperty("type").GetString() != "row").ToList();

        Assert.True(panels.Count > 10);
        Assert.All(panels, panel => Assert.NotEqual(0, panel.GetProperty("targets").GetArrayLength()));
    }

    [Theory]
    [InlineData("deploy/Dockerfile")]
    [InlineData("deploy/edge.Dockerfile")]
    public void Image_IsNotRootsAndTellsItsHealth(string file)
    {
        var lines = File.ReadAllLines(In(file));

        Assert.Contains(lines, line => line.StartsWith("USER ", StringComparison.Ordinal) && line is not "USER root" and not "USER 0");
        Assert.Contains(lines, line => line.StartsWith("HEALTHCHECK ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(200, 0)]
    [InlineData(503, 1)]
    public async Task Healthy_ByStatus_Exits(int status, int code)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        app.MapGet("/readyz", () => Results.StatusCode(status));
        await app.StartAsync();

        Assert.Equal(code, (await HealthyAsync(new Uri(app.Urls.Single()).Port)).Code);
    }

    [Fact]
    public async Task Healthy_NobodyListens_Exits1() => Assert.Equal(1, (await HealthyAsync(FreePort.Next())).Code);

    private static Task<(int Code, string Output)> HealthyAsync(int port) =>
        RunAsync("bash", "-c", $"HEALTH_PORT={port} HEALTH_PATH=/readyz exec '{In("deploy/healthy")}'");

    private static async Task<(int Code, string Output)> RunAsync(string program, params string[] arguments)
    {
        await using var process = RealProcess.Start(new RealProcessStart(program, arguments));
        return (await process.WaitForExitAsync(Patience), process.Output);
    }

    private static List<string> Sources()
    {
        string[] rooms = ["Core", "Grains", "Storage", "Gateway", "Exporter", "Registry", "Silo", "Sdk", "Sdk.RabbitMq", "openresty"];
        return [.. rooms.Select(In).Where(Directory.Exists)
            .SelectMany(room => Directory.EnumerateFiles(room, "*", SearchOption.AllDirectories))
            .Where(file => Path.GetExtension(file) is ".cs" or ".lua")
            .Select(File.ReadAllText)];
    }

    private static string In(string path) => Path.Combine(Root.FullName, path);

    private static DirectoryInfo FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Orleans.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("Not below the project's root.");
        }

        return folder;
    }

    [GeneratedRegex("fairway_[a-z_]+[a-z]")]
    private static partial Regex Metric();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Suffix();

    /// <summary>Runs where docker has its compose plugin.</summary>
    private sealed class ComposeFactAttribute : FactAttribute
    {
        public ComposeFactAttribute()
        {
            if (!HasCompose())
            {
                Skip = "docker compose is not here";
            }
        }

        private static bool HasCompose()
        {
            try
            {
                using var process = Process.Start(new ProcessStartInfo("docker", ["compose", "version"]) { RedirectStandardOutput = true, RedirectStandardError = true });
                return process is not null && process.WaitForExit(TimeSpan.FromSeconds(20)) && process.ExitCode == 0;
            }
            catch (System.ComponentModel.Win32Exception)
            {
                return false;
            }
        }
    }
}
