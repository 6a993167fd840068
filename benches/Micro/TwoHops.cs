using System.Diagnostics;
using System.Security.Cryptography;
using Fairway.Core.Lanes;
using Fairway.Report;
using Fairway.Sdk.Lanes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fairway.Micro;

/// <summary>
/// A client, a service that calls another, and that other: all in this process, over loopback sockets. With a label, every hop
/// verifies and passes it on. Each hop may do a piece of work, as services do; without, the request is nothing but its way.
/// </summary>
internal sealed class TwoHops : IAsyncDisposable
{
    private readonly WebApplication _first;
    private readonly WebApplication _second;
    private readonly HttpClient _client = new(new SocketsHttpHandler { ActivityHeadersPropagator = null });
    private readonly List<KeyValuePair<string, string>> _headers = [];

    private TwoHops(WebApplication first, WebApplication second, Label? label)
    {
        _first = first;
        _second = second;
        if (label is not null)
        {
            // As an edge would: signed once for all of them.
            _headers.AddRange(first.Services.GetRequiredService<LaneEgress>().HeadersOf(label));
        }
    }

    /// <param name="label">What every request carries; null for none, and for hosts that know nothing of lanes.</param>
    /// <param name="work">Blocks that each hop hashes for a request.</param>
    public static async Task<TwoHops> StartAsync(Label? label, int work = 0)
    {
        var second = Build(label is not null, work, next: null);
        await second.StartAsync();
        var first = Build(label is not null, work, new Uri(second.Urls.First()));
        await first.StartAsync();
        return new TwoHops(first, second, label);
    }

    /// <summary>Seconds a request, p50 of each, and the median over rounds of their ratio. The two take turns request by request.</summary>
    public static async Task<(double Ratio, double With, double Without)> CompareAsync(TwoHops plain, TwoHops carrying, int rounds, int requests)
    {
        List<double> ratios = [], with = [], without = [];
        for (var round = -3; round < rounds; round++)
        {
            var (bare, labelled) = (new double[requests], new double[requests]);
            for (var i = 0; i < requests; i++)
            {
                bare[i] = await plain.RequestAsync();
                labelled[i] = await carrying.RequestAsync();
            }

            if (round >= 0)
            {
                ratios.Add(Rounds.Median(labelled) / Rounds.Median(bare));
                with.AddRange(labelled);
                without.AddRange(bare);
            }
        }

        return (Rounds.Median(ratios), Rounds.Median(with), Rounds.Median(without));
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _first.DisposeAsync();
        await _second.DisposeAsync();
    }

    private static WebApplication Build(bool lanes, int work, Uri? next)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddHttpClient("next", client => client.BaseAddress = next).RemoveAllLoggers();
        if (lanes)
        {
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Lanes:Keys:k1"] = "a secret of thirty-two characters" });
            builder.Services.AddLanes();
        }

        var app = builder.Build();
        if (next is null)
        {
            app.MapGet("/", () =>
            {
                Work(work);
                return "leaf";
            });
        }
        else
        {
            app.MapGet("/", async (IHttpClientFactory clients) =>
            {
                Work(work);
                using var client = clients.CreateClient("next");
                return await client.GetStringAsync("/");
            });
        }

        return app;
    }

    private static void Work(int blocks)
    {
        Span<byte> block = stackalloc byte[SHA256.HashSizeInBytes];
        block.Clear();
        for (var i = 0; i < blocks; i++)
        {
            SHA256.HashData(block, block);
        }
    }

    private async Task<double> RequestAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_first.Urls.First()));
        foreach (var (name, value) in _headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        var began = Stopwatch.GetTimestamp();
        using var response = await _client.SendAsync(request);
        if (!response.IsSuccessStatusCode || await response.Content.ReadAsStringAsync() != "leaf")
        {
            throw new InvalidOperationException($"The two hops answered {response.StatusCode}.");
        }

        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}
