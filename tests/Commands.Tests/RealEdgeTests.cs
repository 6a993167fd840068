using System.Net;
using Fairway.Testing;

namespace Fairway.Commands.Tests;

/// <summary>What README shows of <c>./run --real</c>: a request through the edge, and again after an instance is killed.</summary>
public sealed class RealEdgeTests
{
    [Fact]
    public async Task Real_InstanceKilled_TheEdgeGoesOn()
    {
        var product = new RunningProduct { More = ["--real"] };
        try
        {
            await product.InitializeAsync();
            var line = await product.Process.WaitForLineAsync(line => line.StartsWith("EDGE ", StringComparison.Ordinal));
            using var edge = new HttpClient { BaseAddress = new Uri(line["EDGE ".Length..].Trim()) };
            await Eventually.TrueAsync(async () => await StatusAsync(edge, "/orders/work") == HttpStatusCode.OK, TimeSpan.FromSeconds(60));

            Signals.Send(product.PidOf("--id orders-1"), Signals.Kill);

            for (var request = 0; request < 50; request++)
            {
                Assert.Equal(HttpStatusCode.OK, await StatusAsync(edge, "/orders/work"));
            }

            Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(edge, "/v1/services")); // nothing that steers
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(edge, "/"));
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(edge, "/v1/history"));
        }
        finally
        {
            await product.DisposeAsync();
        }
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient edge, string path)
    {
        using var answer = await edge.GetAsync(new Uri(path, UriKind.Relative));
        return answer.StatusCode;
    }
}
