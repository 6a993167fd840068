using Fairway.Testing;

namespace Fairway.Gateway.Tests.Releases;

/// <summary>The command line as a process, against a Gateway.</summary>
[Trait("Engine", "any")]
public sealed class CliTests
{
    [Fact]
    public async Task Release_BegunShownRolledBack_SaysWhatTheGatewaySays()
    {
        await using var host = await GatewayHost.StartAsync();
        await host.RegisterAsync("orders", "orders-1");

        var begun = await RunAsync(host, "begin", "orders", "2", "--reason", "new prices", "--ramp", "100", "10000", "--step-seconds", "5");
        Assert.Equal(0, begun.Code);
        Assert.Contains("\"phase\": \"starting\"", begun.Output, StringComparison.Ordinal);

        Assert.Contains("\"lane\": \"orders-2\"", (await RunAsync(host, "show", "orders")).Output, StringComparison.Ordinal);
        Assert.Contains("\"service\": \"orders\"", (await RunAsync(host, "list")).Output, StringComparison.Ordinal);

        var early = await RunAsync(host, "verify", "orders", "--reason", "too soon");
        Assert.Equal(1, early.Code);
        Assert.Contains("RELEASE_PHASE", early.Output, StringComparison.Ordinal);

        Assert.Equal(0, (await RunAsync(host, "rollback", "orders", "--reason", "wrong prices")).Code);
    }

    [Fact]
    public async Task Release_KeyMissingOrNobodyThere_EndsWithACode()
    {
        await using var host = await GatewayHost.StartAsync();
        var refused = await RunAsync(host.Client.BaseAddress!, "", "begin", "orders", "2", "--reason", "x");
        Assert.Equal(1, refused.Code);
        Assert.Contains("KEY_REQUIRED", refused.Output, StringComparison.Ordinal);

        var away = await RunAsync(new Uri("http://127.0.0.1:1"), "", "list");
        Assert.Equal(2, away.Code);
        Assert.Contains("does not answer", away.Output, StringComparison.Ordinal);

        Assert.NotEqual(0, (await RunAsync(host, "begin", "orders")).Code);
        var named = await RunAsync(new Uri("http://127.0.0.1:1"), "", "list", "--gateway", host.Client.BaseAddress!.ToString());
        Assert.Equal(0, named.Code);
        Assert.Contains("no address", (await RunAsync(host, "list", "--gateway", "nonsense")).Output, StringComparison.Ordinal);
    }

    private static Task<(int Code, string Output)> RunAsync(GatewayHost host, params string[] words) =>
        RunAsync(host.Client.BaseAddress!, GatewayHost.AdminKey, words);

    private static async Task<(int Code, string Output)> RunAsync(Uri gateway, string key, params string[] words)
    {
        await using var process = RealProcess.Start(new RealProcessStart(
            RealProcess.Find("dotnet", "dotnet-sdk-10.0"), [Path.Combine(AppContext.BaseDirectory, "Fairway.Cli.dll"), "release", .. words])
        {
            Environment = new Dictionary<string, string?> { ["FAIRWAY_GATEWAY"] = gateway.ToString(), ["FAIRWAY_ADMIN_KEY"] = key },
        });
        var code = await process.WaitForExitAsync(TimeSpan.FromSeconds(60));
        return (code, process.Output);
    }
}
