using System.Net.Http.Json;
using System.Text.Json;
using Fairway.Core.Lanes;
using Fairway.Testing;

namespace Fairway.Silo.Tests.Orleans;

/// <summary>A question asked under a lane's label, and the processes whose workers may answer it.</summary>
[Collection(Clusters.Name)]
public sealed class LaneJobTests
{
    private const string Short = """{"tokens":5,"tokensPerSecond":0}""";
    private const string Secret = "a key that only tests know";

    [Fact]
    public async Task Ask_UnderALanesLabel_IsGeneratedByTheLanesWorkerWhileItIsDeclared()
    {
        await using var rabbit = await RabbitMqServer.StartAsync();
        await using var etcd = await EtcdServer.StartAsync();
        await using var cluster = new Cluster([etcd.Endpoint]);
        await cluster.StartModelAsync();
        string[] settings = [$"--Jobs:RabbitMq:Uri={rabbit.Uri}", $"--Lanes:Keys:k={Secret}", "--Streams:UnreadSeconds=600"];
        var front = await cluster.StartLaneGatewayAsync("front", null, settings);
        await PutLaneAsync(front, "blue");
        var blue = await cluster.StartLaneGatewayAsync("blue-1", "blue", settings);
        await DeclaredAsync(front, true);

        await AnswerAsync(front, "ann", null);
        Assert.Equal((1, 0), (await CallsAsync(front), await CallsAsync(blue)));
        await AnswerAsync(front, "bob", "blue");
        await AnswerAsync(blue, "cid", "blue");
        Assert.Equal((1, 2), (await CallsAsync(front), await CallsAsync(blue)));
        await AnswerAsync(blue, "dan", null);
        await AnswerAsync(front, "eve", "unknown");
        Assert.Equal((3, 2), (await CallsAsync(front), await CallsAsync(blue)));

        // Killed it is still declared: its question waits, and is its next process's.
        blue.Process.Kill();
        await front.SeesAsync(1); // grains that were there have moved
        var (waiting, reading) = await AskAsync(front, "fay", "blue");
        await AnswerAsync(front, "gus", null);
        Assert.False(reading.Ended.IsCompleted, waiting);
        var again = await cluster.StartLaneGatewayAsync("blue-1", "blue", settings);
        Assert.Equal("stop", await reading.Ended.WaitAsync(Cluster.Patience));
        Assert.Equal((4, 1), (await CallsAsync(front), await CallsAsync(again)));

        // Stopped it has taken its declaration back.
        await again.Process.StopAsync(Cluster.Patience);
        await DeclaredAsync(front, false);
        await AnswerAsync(front, "hal", "blue");
        Assert.Equal(5, await CallsAsync(front));
    }

    private static async Task AnswerAsync(Member gateway, string user, string? lane) =>
        Assert.Equal("stop", await (await AskAsync(gateway, user, lane)).Reading.Ended.WaitAsync(Cluster.Patience));

    private static async Task<(string Version, StreamReading Reading)> AskAsync(Member gateway, string user, string? lane)
    {
        var label = Label.Of(lane);
        var headers = new Dictionary<string, string>();
        if (lane is not null)
        {
            headers[LabelHeaders.FlowType] = lane;
            headers[LabelHeaders.Signature] = new LabelKeys(new Dictionary<string, string> { ["k"] = Secret }, null).Sign(label, DateTimeOffset.UtcNow.AddHours(1));
        }

        string? version = null;
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    version = await gateway.AskAsync(user, Short, headers: headers);
                    return true;
                }
                catch (InvalidOperationException refused) when (refused.Message.Contains("503", StringComparison.Ordinal))
                {
                    return false; // the broker's link is not up yet, or a silo is not declared dead yet
                }
            },
            Cluster.Patience);
        return (version!, await gateway.FollowAsync(user, version!));
    }

    private static Task<long> CallsAsync(Member gateway) => gateway.FigureAsync("fairway_model_calls_total");

    private static async Task PutLaneAsync(Member gateway, string lane)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/v1/lanes/{lane}");
        request.Headers.Add("x-admin-key", Cluster.AdminKey);
        request.Content = JsonContent.Create(new { owner = "test" });
        (await gateway.Http.SendAsync(request)).EnsureSuccessStatusCode();
    }

    private static Task DeclaredAsync(Member gateway, bool isDeclared) => Eventually.TrueAsync(
        async () => (await gateway.Http.GetFromJsonAsync<JsonElement>("/v1/lanes")).GetProperty("lanes").EnumerateArray()
            .SelectMany(lane => lane.GetProperty("services").EnumerateArray())
            .Any(service => service.GetProperty("service").GetString() == "fairway.generation") == isDeclared,
        Cluster.Patience);
}
