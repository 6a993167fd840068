using System.Net.Http.Json;
using System.Text.Json;
using Fairway.Testing;

namespace Fairway.Commands.Tests;

/// <summary>What README promises of <c>./run</c>. Bounds are generous; ./bench faults has the figures.</summary>
public sealed class RunTests(RunningProduct product) : IClassFixture<RunningProduct>
{
    [Fact]
    public async Task Run_Ready_RanksBothSampleServicesByLoad()
    {
        await Eventually.TrueAsync(
            async () => await SlowOneIsLast("orders", "orders-3") && await SlowOneIsLast("payments", "payments-3"),
            TimeSpan.FromSeconds(60));

        // What has just registered is ranked before it has reported a load.
        await Eventually.Passes(
            async () =>
            {
                var best = await product.Http.GetFromJsonAsync<JsonElement>("/v1/services/orders/best");
                var first = best.GetProperty("instances")[0];
                Assert.Equal("ready", first.GetProperty("state").GetString());
                Assert.True(first.GetProperty("rps") is { ValueKind: JsonValueKind.Number } rps && rps.GetDouble() > 0);
                Assert.True(first.GetProperty("memoryGib").GetDouble() > 0);
            },
            TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Kill_OneBackend_LeavesItsList()
    {
        await Listed("payments", "payments-2");

        Signals.Send(product.PidOf("--id payments-2"), Signals.Kill);

        await Eventually.TrueAsync(async () => !(await product.BestAsync("payments")).Contains("payments-2"), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Freeze_OneBackend_LeavesItsListAndReturns()
    {
        await Listed("orders", "orders-2");
        var pid = product.PidOf("--id orders-2");

        Signals.Send(pid, Signals.Stop);
        await Eventually.TrueAsync(async () => !(await product.BestAsync("orders")).Contains("orders-2"), TimeSpan.FromSeconds(15));

        Signals.Send(pid, Signals.Continue);
        await Listed("orders", "orders-2");
    }

    [Fact]
    public Task Services_OfTheFile_AreListed() => Listed("legacy", "legacy-1");

    /// <summary>README's walk through the lanes.</summary>
    [Fact]
    public async Task Lanes_WalkOfReadme_GoesWhereItSays()
    {
        await Eventually.TrueAsync(async () => await RouteAsync("orders", "?label=blue") == "blue orders-blue", TimeSpan.FromSeconds(60));
        await Eventually.TrueAsync(async () => await RouteAsync("payments", "?label=green") == "green payments-green", TimeSpan.FromSeconds(60));
        Assert.DoesNotContain("blue", await RouteAsync("orders", ""), StringComparison.Ordinal);
        Assert.StartsWith("base payments-", await RouteAsync("payments", "?label=blue"), StringComparison.Ordinal);

        Signals.Send(product.PidOf("--id orders-blue"), Signals.Kill);
        await Eventually.TrueAsync(async () => await RouteAsync("orders", "?label=blue") == "LANE_SERVICE_DOWN ", TimeSpan.FromSeconds(30));

        using var rule = new HttpRequestMessage(HttpMethod.Put, new Uri("/v1/services/payments/grey", UriKind.Relative))
        {
            Content = new StringContent("""{"target":"green","whitelist":["wanda"],"ratioPer10000":500}"""),
        };
        rule.Headers.Add("x-admin-key", "test-admin");
        (await product.Http.SendAsync(rule)).EnsureSuccessStatusCode();
        Assert.Equal("green payments-green", await RouteAsync("payments", "?user=wanda"));
        var users = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => RouteAsync("payments", $"?user=user-{i}")));
        Assert.InRange(users.Count(answer => answer == "green payments-green"), 1, 40);
    }

    /// <summary>The lane that serves, or the code, and the candidates.</summary>
    private async Task<string> RouteAsync(string service, string query)
    {
        var route = await product.Http.GetFromJsonAsync<JsonElement>($"/v1/services/{service}/route{query}");
        var ids = route.GetProperty("candidates").EnumerateArray().Select(id => id.GetString());
        return $"{route.GetProperty("code").GetString() ?? route.GetProperty("lane").GetString() ?? "base"} {string.Join(',', ids)}";
    }

    private Task Listed(string service, string id) =>
        Eventually.TrueAsync(async () => (await product.BestAsync(service)).Contains(id), TimeSpan.FromSeconds(60));

    private async Task<bool> SlowOneIsLast(string service, string id)
    {
        var best = await product.BestAsync(service);
        return best.Length >= 2 && best[^1] == id; // another test may have killed one
    }
}
