using Fairway.Product;
using Fairway.Report;
using Fairway.Testing;

namespace Fairway.Load;

/// <summary><c>./bench best-list</c>: the list of a service of 100 instances, beside Kestrel that writes the same bytes.</summary>
internal static class BestListBench
{
    private const int Instances = 100;

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        var rounds = arguments.Number("--rounds", 7);
        var seconds = arguments.Number("--seconds", 3);
        using var folder = new TempFolder();
        var (gateway, url) = await ProductProcess.StartGatewayAsync(folder);
        await using var stopGateway = gateway;
        using var http = new HttpClient { BaseAddress = url };
        await FillAsync(http);

        var best = new Uri(url, "/v1/services/bench/best");
        using var answer = await http.GetAsync(best);
        var body = await answer.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync();
        var tag = answer.Headers.ETag!.ToString();
        var file = folder["body.json"];
        await File.WriteAllBytesAsync(file, body);
        var (bare, bareUrl) = await ProductProcess.StartAsync("Load", "bare", file);
        await using var stopBare = bare;

        // 304s want the list to stand still: nothing reports here, so no weight moves.
        var figures = await Rounds.RunAsync(
            rounds,
            () => Wrk.RunAsync(bareUrl, seconds),
            () => Wrk.RunAsync(best, seconds),
            () => Wrk.RunAsync(bareUrl, seconds, tag),
            () => Wrk.RunAsync(best, seconds, tag));
        using var after = await http.GetAsync(best);
        var stoodStill = after.Headers.ETag!.ToString() == tag;

        var medians = figures.Select(Rounds.Median).ToArray();
        var report = new BenchReport("best-list");
        report.Add("list of 100, to bare Kestrel", Rounds.MedianRatio(figures[1], figures[0]), "x", Target.AtLeast(0.8), $"{medians[1]:#,0} to {medians[0]:#,0} a second, {body.Length:#,0} bytes");
        report.Add("304, to bare Kestrel", stoodStill ? Rounds.MedianRatio(figures[3], figures[2]) : double.NaN, "x", Target.AtLeast(0.9), $"{medians[3]:#,0} to {medians[2]:#,0} a second");
        return report.Print(Console.Out);
    }

    private static async Task FillAsync(HttpClient http)
    {
        http.DefaultRequestHeaders.Add("x-admin-key", ProductProcess.AdminKey);
        for (var i = 0; i < Instances; i++)
        {
            var path = $"/v1/services/bench/instances/bench-{i:000}";
            using var put = await http.PutAsJsonAsync(new Uri(path, UriKind.Relative), new { address = $"10.0.0.{i}:8080", zone = "a", ttlSeconds = 3600 });
            put.EnsureSuccessStatusCode();
            using var status = await http.PostAsJsonAsync(
                new Uri(path + "/status", UriKind.Relative),
                new { serving = true, cpu = 0.25, memoryGib = 0.5, inFlight = 3, latencyMs = 12.5, rps = 80, errorRate = 0.001 });
            status.EnsureSuccessStatusCode();
        }

        await Eventually.TrueAsync(async () =>
            (await http.GetStringAsync(new Uri("/v1/services/bench/best", UriKind.Relative))).Split("\"id\"").Length - 1 == Instances);
        await Task.Delay(TimeSpan.FromSeconds(35), TimeProvider.System); // past the warm-up, and past the age of what was posted
    }
}
