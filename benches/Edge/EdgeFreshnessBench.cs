using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Fairway.Product;
using Fairway.Report;
using Fairway.Testing;

namespace Fairway.Edge;

/// <summary>
/// <c>./bench edge-freshness</c>: from an operator's word at the Gateway to the first request after which the edge keeps to it, and
/// what a dead instance costs. The instances are registered over HTTP, so that no probe takes a dead one out.
/// </summary>
internal static class EdgeFreshnessBench
{
    private const string Service = "bench";

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        var rounds = arguments.Number("--rounds", 10);
        using var folder = new TempFolder();
        var (gateway, url) = await ProductProcess.StartGatewayAsync(folder);
        await using var stop = gateway;
        using var http = new HttpClient { BaseAddress = url };
        http.DefaultRequestHeaders.Add("x-admin-key", ProductProcess.AdminKey);
        await using var edge = await EdgeProcess.StartAsync(url, workers: 2);
        List<double> weights = [], offline = [], online = [];
        var tries = new List<double>();
        var refused = 0;
        for (var round = 0; round < rounds; round++)
        {
            await Console.Error.WriteLineAsync($"round {round + 1} of {rounds}");
            var origins = new List<NginxServer>();
            try
            {
                for (var index = 0; index < 3; index++)
                {
                    var origin = await NginxServer.StartAsync($"return 200 i{index};");
                    origins.Add(origin);
                    await PutAsync(http, $"/v1/services/{Service}/instances/i{index}", new { address = origin.Endpoint.Authority, ttlSeconds = 3600 });
                }

                await UntilAsync(edge, ids => ids.Count == 3);
                weights.Add(await TimeAsync(
                    () => PutAsync(http, $"/v1/services/{Service}/policy", new { mode = "manual", weights = new { i0 = 100 }, author = "bench", reason = "bench" }),
                    () => UntilAsync(edge, ids => ids.SetEquals(["i0"]))));
                using (var removed = await http.DeleteAsync(new Uri($"/v1/services/{Service}/policy", UriKind.Relative)))
                {
                    removed.EnsureSuccessStatusCode();
                }

                await UntilAsync(edge, ids => ids.Count == 3);
                var mark = $"/v1/offline/{origins[1].Endpoint.Authority}";
                offline.Add(await TimeAsync(
                    () => PutAsync(http, mark, new { author = "bench", reason = "bench" }), () => UntilAsync(edge, ids => !ids.Contains("i1"))));
                online.Add(await TimeAsync(
                    async () => (await http.DeleteAsync(new Uri(mark, UriKind.Relative))).EnsureSuccessStatusCode(), () => UntilAsync(edge, ids => ids.Contains("i1"))));

                await Task.Delay(TimeSpan.FromSeconds(1.2), TimeProvider.System); // counters are handed over once a second
                var before = await edge.SumAsync("fairway_edge_connect_failures_total");
                var load = Wrk.RunAsync(new Uri(edge.Url, $"/{Service}/x"), 4, 16);
                await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
                await origins[2].DisposeAsync();
                refused += (int)(await load).Errors;
                await Task.Delay(TimeSpan.FromSeconds(1.2), TimeProvider.System);
                tries.Add(await edge.SumAsync("fairway_edge_connect_failures_total") - before);
                for (var index = 0; index < 3; index++)
                {
                    using var gone = await http.DeleteAsync(new Uri($"/v1/services/{Service}/instances/i{index}", UriKind.Relative));
                }
            }
            finally
            {
                foreach (var origin in origins)
                {
                    await origin.DisposeAsync();
                }
            }
        }

        var report = new BenchReport("edge-freshness");
        report.Add("operator's weights act, max", weights.Max(), " s", Target.AtMost(1), $"p50 {Rounds.Median(weights):0.000} s of {rounds}");
        report.Add("offline acts, max", offline.Max(), " s", Target.AtMost(0.5), $"p50 {Rounds.Median(offline):0.000} s");
        report.Add("back online, max", online.Max(), " s", Target.AtMost(1), $"p50 {Rounds.Median(online):0.000} s");
        report.Add("failed tries of a dead instance, max", tries.Max(), "", Target.AtMost(3), $"p50 {Rounds.Median(tries):0}, under load, nobody marks it down");
        report.Add("failures that reached a client", refused, "", Target.AtMost(0), $"{rounds} deaths under 16 connections");
        return report.Print(Console.Out);
    }

    /// <summary>Seconds from the answer of the first to the end of the second.</summary>
    private static async Task<double> TimeAsync(Func<Task> write, Func<Task> seen)
    {
        await write();
        var answered = Stopwatch.GetTimestamp();
        await seen();
        return Stopwatch.GetElapsedTime(answered).TotalSeconds;
    }

    /// <summary>Returns when the ids of 24 requests in a row, of eight connections, are as wanted.</summary>
    private static async Task UntilAsync(EdgeProcess edge, Func<HashSet<string>, bool> wanted)
    {
        await Eventually.TrueAsync(async () =>
        {
            var ids = new ConcurrentBag<string>();
            await Parallel.ForEachAsync(Enumerable.Range(0, 24), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, cancellation) =>
            {
                using var answer = await edge.Http.GetAsync(new Uri($"/{Service}/x", UriKind.Relative), cancellation);
                ids.Add(answer.IsSuccessStatusCode ? await answer.Content.ReadAsStringAsync(cancellation) : "error");
            });
            return wanted([.. ids]);
        }, TimeSpan.FromSeconds(30));
    }

    private static async Task PutAsync(HttpClient http, string path, object body)
    {
        using var answer = await http.PutAsJsonAsync(new Uri(path, UriKind.Relative), body, JsonSerializerOptions.Web);
        answer.EnsureSuccessStatusCode();
    }
}
