using System.Globalization;
using System.Net;
using System.Text.Json;
using Fairway.Gateway.Tests.Generation;
using Fairway.Gateway.Tests.Streams;
using Fairway.Testing;

namespace Fairway.Gateway.Tests.Brokers;

/// <summary>A Gateway over RabbitMQ and PostgreSQL, with nothing on its own disk; its users talk to it over HTTP.</summary>
internal sealed class BrokerHost : IAsyncDisposable
{
    public static readonly bool Soak = Environment.GetEnvironmentVariable("FAIRWAY_SOAK") is { Length: > 0 };

    private BrokerHost(GatewayHost gateway) => Gateway = gateway;

    public GatewayHost Gateway { get; }

    public static async Task<BrokerHost> StartAsync(ModelServer model, params string[] args)
    {
        var host = new BrokerHost(await GatewayHost.StartAsync(
            ["--jwt-secret", StreamHost.Secret, $"--Models:demo:BaseUrl={model.Url}/v1", "--Streams:DrainSeconds=0", .. args]));
        await Eventually.TrueAsync(
            async () => (await host.Gateway.GetAsync("/metrics")).Text is var metrics
                && (!args.Any(arg => arg.Contains("RabbitMq", StringComparison.Ordinal)) || metrics.Contains("\nfairway_jobs_queue_up 1\n", StringComparison.Ordinal))
                && (!args.Any(arg => arg.Contains("Postgres", StringComparison.Ordinal)) || metrics.Contains("\nfairway_history_up 1\n", StringComparison.Ordinal)),
            TimeSpan.FromSeconds(60));
        return host;
    }

    public StreamUser User(string subject) => StreamUser.Of(Gateway.Client, subject);

    public ValueTask DisposeAsync() => Gateway.DisposeAsync();

    /// <summary>Asks until it is taken, as a client does that heeds Retry-After.</summary>
    public static async Task<string> AskAsync(StreamUser user, string prompt, string knobs)
    {
        while (true)
        {
            var answer = await user.SendAsync(HttpMethod.Post, "/v1/streams", StreamUser.Body(prompt, knobs));
            if (answer.Status == HttpStatusCode.Accepted)
            {
                return answer.Json.GetProperty("version").GetString()!;
            }

            answer.AssertRefused(HttpStatusCode.ServiceUnavailable, "QUEUE_AWAY");
            await Task.Delay(100);
        }
    }

    /// <summary>Acknowledges until it is taken.</summary>
    public static async Task AcknowledgeAsync(StreamUser user, string version)
    {
        while (true)
        {
            var answer = await user.AcknowledgeAsync(version);
            if (answer.Status == HttpStatusCode.NoContent)
            {
                return;
            }

            answer.AssertRefused(HttpStatusCode.ServiceUnavailable, "HISTORY_AWAY");
            await Task.Delay(100);
        }
    }

    /// <summary>The answer's frames to its terminal, over as many connections as it takes.</summary>
    public static async Task<IReadOnlyList<Received>> ReadAsync(StreamUser user, string version)
    {
        using var connection = await user.FollowAsync(version);
        Assert.Equal(HttpStatusCode.OK, connection.Status);
        await connection.ReadAsync(parser => parser.HasEnded);
        Assert.Equal(Enumerable.Range(0, connection.Parser.Frames.Count), connection.Parser.Frames.Select(frame => frame.Offset));
        return connection.Parser.Frames;
    }

    /// <summary>Model calls by the prompt that each was made for.</summary>
    public static Dictionary<string, int> CallsByPrompt(ModelServer model) => model.Requests
        .Select(request => JsonDocument.Parse(request.Body).RootElement.GetProperty("messages")[0].GetProperty("content").GetString()!)
        .GroupBy(prompt => prompt).ToDictionary(group => group.Key, group => group.Count());

    public static async Task<List<string>> HistoryAsync(StreamUser user)
    {
        var versions = new List<string>();
        for (string? before = null; ;)
        {
            var page = await user.SendAsync(HttpMethod.Get, "/v1/history" + (before is null ? "" : $"?before={before}"));
            Assert.Equal(HttpStatusCode.OK, page.Status);
            versions.AddRange(page.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("version").GetString()!));
            before = page.Json.GetProperty("next").GetString();
            if (before is null)
            {
                Assert.Equal(versions.OrderByDescending(version => long.Parse(version, CultureInfo.InvariantCulture)), versions);
                return versions;
            }
        }
    }
}
