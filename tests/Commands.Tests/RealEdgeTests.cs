using System.Collections.Concurrent;
using System.Net;
using Fairway.Testing;

namespace Fairway.Commands.Tests;

/// <summary>What README shows of <c>./run --real</c>, and what becomes of requests through the edge while instances are replaced.</summary>
[Collection(RealCollection.Name)]
[Trait("Engine", "any")]
public sealed class RealEdgeTests(RealProduct real)
{
    private readonly RunningProduct _product = real.Product;

    [Fact]
    public async Task Real_InstanceKilled_TheEdgeGoesOn()
    {
        using var edge = new HttpClient { BaseAddress = real.Edge };
        await Eventually.TrueAsync(async () => await StatusAsync(edge, "/orders/work") == HttpStatusCode.OK, TimeSpan.FromSeconds(60));

        Signals.Send(_product.PidOf("--id orders-1"), Signals.Kill);

        for (var request = 0; request < 50; request++)
        {
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(edge, "/orders/work"));
        }

        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(edge, "/v1/services")); // nothing that steers
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(edge, "/"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(edge, "/v1/history"));
    }

    /// <summary>samples/deploy/replace.sh, under load: the old process ends by itself, another one takes its place, and nobody notices.</summary>
    [Fact]
    public async Task Replace_InstanceUnderLoad_NoRequestFails()
    {
        await Eventually.TrueAsync(async () => (await _product.BestAsync("orders")).Contains("orders-2"), TimeSpan.FromSeconds(60));
        using var edge = new HttpClient { BaseAddress = real.Edge };
        using var ending = new CancellationTokenSource();
        var answers = new ConcurrentQueue<string>();
        var load = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!ending.IsCancellationRequested)
            {
                using var answer = await edge.GetAsync(new Uri("/orders/work", UriKind.Relative));
                answers.Enqueue(answer.StatusCode == HttpStatusCode.OK ? "" : $"{answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
            }
        })));
        var old = _product.PidOf("--id orders-2");

        await using var script = RealProcess.Start(new RealProcessStart(
            Path.Combine(RunningProduct.Root, "samples/deploy/replace.sh"), "orders", "orders-2", "bash", "-c",
            """kill -TERM "$OLD"; while kill -0 "$OLD" 2>/dev/null; do sleep 0.1; done; exec "$SCALE" orders "" "" 0 "" """)
        {
            Environment = new Dictionary<string, string?>
            {
                ["FAIRWAY_GATEWAY"] = _product.Http.BaseAddress!.GetLeftPart(UriPartial.Authority),
                ["FAIRWAY_ADMIN_KEY"] = "test-admin",
                ["FAIRWAY_ETCD"] = real.Etcd,
                ["FAIRWAY_TOPIC"] = "orders.created",
                ["Fairway__RabbitMq__Uri"] = real.Broker,
                ["FAIRWAY_PROCESSES"] = _product.DataFolder,
                ["FAIRWAY_BACKEND"] = RunningProduct.Program("Backend"),
                ["TMPDIR"] = $"{_product.DataFolder}/tmp", // by which ./run knows it for its own
                ["SCALE"] = await StartAgainAsync("orders-2"),
                ["OLD"] = $"{old}",
            },
        });
        var status = await script.WaitForExitAsync(TimeSpan.FromMinutes(4));
        await ending.CancelAsync();
        await load;

        Assert.True(status == 0, script.Output);
        Assert.NotEqual(old, _product.PidOf("--id orders-2"));
        Assert.Contains("orders-2", await _product.BestAsync("orders"));
        Assert.True(answers.Count > 20, $"{answers.Count} requests");
        Assert.All(answers, Assert.Empty);
    }

    [Fact]
    public async Task Replace_UnknownInstance_SaysSoAndTouchesNothing()
    {
        await using var script = RealProcess.Start(new RealProcessStart(
            Path.Combine(RunningProduct.Root, "samples/deploy/replace.sh"), "orders", "no-such", "false")
        {
            Environment = new Dictionary<string, string?> { ["FAIRWAY_GATEWAY"] = _product.Http.BaseAddress!.GetLeftPart(UriPartial.Authority) },
        });
        Assert.Equal(1, await script.WaitForExitAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains("not registered", script.Output, StringComparison.Ordinal);
    }

    /// <summary>scale.sh starts again what it stopped itself: it is told that it stopped this one.</summary>
    private async Task<string> StartAgainAsync(string id)
    {
        await File.WriteAllTextAsync(Path.Combine(_product.DataFolder, "stopped.orders"), id + "\n");
        return Path.Combine(RunningProduct.Root, "samples/deploy/scale.sh");
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient edge, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        using var answer = await edge.SendAsync(request);
        return answer.StatusCode;
    }
}
