using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Fairway.Testing;

namespace Fairway.Commands.Tests;

/// <summary>What README and docs/operations.md say of <c>./run --cluster 3</c>, from READY to nothing left.</summary>
public sealed class ClusterRunTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Cluster_SiloKilledThenTerminated_GoesOnAndLeavesNothing()
    {
        var product = new RunningProduct { More = ["--cluster", "3"], IsOpen = true };
        try
        {
            await product.InitializeAsync();
            using var second = new HttpClient { BaseAddress = new Uri(Line(product, "GATEWAY ")) };
            var token = new AuthenticationHeaderValue("Bearer", Line(product, "TOKEN "));
            HttpClient[] gateways = [product.Http, second];
            Assert.Equal(3, product.Process.Output.Split('\n').Count(line => line.StartsWith("SILO silo-", StringComparison.Ordinal)));
            foreach (var gateway in gateways)
            {
                gateway.DefaultRequestHeaders.Authorization = token;
                await Eventually.TrueAsync(async () => (await BestAsync(gateway)).Length == 3, Patience);
                await SeesAsync(gateway, silos: 5);
            }

            await RegisterAsync(second, "legacy-2");
            await Eventually.TrueAsync(async () => await IsListedAsync(product.Http, "legacy-2"), Patience);

            var version = await AskAsync(product.Http);
            var reading = ReadAsync(second, version);
            var silo = product.PidOf("--name silo-2");
            Signals.Send(silo, Signals.Kill);

            Assert.Equal("stop", await reading.WaitAsync(Patience)); // wherever its grain was
            await Eventually.True(() => product.Processes().Any(process => process.Pid != silo && string.Join(' ', process.CommandLine).Contains("--name silo-2", StringComparison.Ordinal)), Patience);
            foreach (var gateway in gateways)
            {
                await SeesAsync(gateway, silos: 5);
                Assert.Equal(3, (await BestAsync(gateway)).Length);
            }

            Assert.Equal("stop", await ReadAsync(product.Http, await AskAsync(second)).WaitAsync(Patience));

            Signals.Send(product.Process.Pid, Signals.Terminate);
            await product.Process.WaitForExitAsync(TimeSpan.FromMinutes(2));

            Assert.Empty(product.Processes());
            foreach (var gateway in gateways)
            {
                await Assert.ThrowsAsync<HttpRequestException>(() => gateway.GetAsync(new Uri("/healthz", UriKind.Relative)));
            }
        }
        finally
        {
            await product.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("0")]
    [InlineData("many")]
    public async Task Cluster_NoNumberOfSilos_SaysSoAndEndsWith2(string silos)
    {
        await using var process = RealProcess.Start(RunningProduct.Command("run", "--engine", "orleans", "--cluster", silos));

        Assert.Equal(2, await process.WaitForExitAsync(Patience));
        Assert.Contains("--cluster takes a number of silos", process.Output, StringComparison.Ordinal);
    }

    private static string Line(RunningProduct product, string start) =>
        product.Process.Output.Split('\n').First(line => line.StartsWith(start, StringComparison.Ordinal))[start.Length..].Trim();

    private static async Task<string[]> BestAsync(HttpClient gateway)
    {
        using var response = await gateway.GetAsync(new Uri("/v1/services/orders/best", UriKind.Relative));
        return response.IsSuccessStatusCode
            ? [.. (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("instances").EnumerateArray().Select(one => one.GetProperty("id").GetString()!)]
            : [];
    }

    private static Task SeesAsync(HttpClient gateway, int silos) => Eventually.TrueAsync(
        async () => (await gateway.GetStringAsync(new Uri("/metrics", UriKind.Relative)))
            .Contains($"fairway_cluster_silos{{state=\"Active\"}} {silos}\n", StringComparison.Ordinal),
        Patience);

    private static async Task RegisterAsync(HttpClient gateway, string id)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/v1/services/legacy/instances/{id}")
        {
            Content = JsonContent.Create(new { address = "127.0.0.1:9", ttlSeconds = 600 }),
        };
        request.Headers.Add("x-admin-key", "test-admin");
        using var response = await gateway.SendAsync(request);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    private static async Task<bool> IsListedAsync(HttpClient gateway, string id) =>
        (await gateway.GetStringAsync(new Uri("/v1/services/legacy/best?all=true", UriKind.Relative))).Contains($"\"{id}\"", StringComparison.Ordinal);

    private static async Task<string> AskAsync(HttpClient gateway)
    {
        using var response = await gateway.PostAsJsonAsync(
            "/v1/streams", new { messages = new[] { new { role = "user", content = "What is a fairway?" } }, knobs = new { tokens = 100, tokensPerSecond = 10 } });
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("version").GetString()!;
    }

    /// <summary>The last event of an answer whose offsets had no gap.</summary>
    private static async Task<string> ReadAsync(HttpClient gateway, string version)
    {
        using var response = await gateway.GetAsync(new Uri($"/v1/streams/{version}/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var last = "";
        var next = 0;
        await foreach (var frame in SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync())
        {
            if (frame.EventId is { } id)
            {
                Assert.Equal($"{version}:{next++}", id);
                last = frame.EventType;
            }
        }

        return last;
    }
}
