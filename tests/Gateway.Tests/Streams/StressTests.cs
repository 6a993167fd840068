using System.Net;
using Fairway.Core.Lanes;
using Fairway.Testing;

namespace Fairway.Gateway.Tests.Streams;

/// <summary>What a stress test asks leaves nothing of a user's as it would not have been without it.</summary>
public sealed class StressTests
{
    private const string Short = """{"tokens":3}""";

    [Theory]
    [InlineData("ack")]
    [InlineData("finish")]
    public async Task Ask_UnderTheMark_LeavesTheJournalsOfHistoryAsTheyWere(string historyOn)
    {
        await using var host = await StreamHost.StartAsync(StressMark.Setting, $"--Streams:HistoryOn={historyOn}");
        var user = host.User("somebody");
        await AnswerAsync(user);
        await host.StopGatewayAsync();
        var before = Journals(host);

        await host.StartGatewayAsync();
        user = host.User("somebody");
        var version = await StressMark.AnswerAsync(user);
        Assert.Equal(HttpStatusCode.NoContent, (await user.AcknowledgeAsync(version)).Status);
        Assert.Equal(1, await HistoryAsync(user));
        Assert.Equal(0, await HistoryAsync(user, StressMark.Headers()));
        await host.StopGatewayAsync();

        Assert.NotEmpty(before[0]);
        Assert.Equal(before, Journals(host));
    }

    [Fact]
    public async Task Ask_UnderTheMark_IsAConversationOfItsOwn()
    {
        await using var host = await StreamHost.StartAsync(StressMark.Setting);
        var user = host.User("somebody");
        var own = await user.AskAsync("tides", """{"tokens":100000,"tokensPerSecond":5}""");

        var asked = await user.SendAsync(HttpMethod.Post, "/v1/streams", StreamUser.Body("stress", Short), StressMark.Headers());
        var version = asked.Json.GetProperty("version").GetString()!;

        var current = await user.SendAsync(HttpMethod.Get, "/v1/streams/current/events", null, StressMark.Headers());
        Assert.Contains($"id: {version}:0\n", current.Text, StringComparison.Ordinal);
        Assert.Equal("main", (await user.SendAsync(HttpMethod.Get, $"/v1/streams/{version}")).Json.GetProperty("conversation").GetString());
        Assert.Contains(await user.StateAsync(own), (string[])["queued", "streaming"]); // not superseded
        await user.SendAsync(HttpMethod.Delete, $"/v1/streams/{own}");
    }

    [Fact]
    public async Task Ask_UnderTheMarkWithAUsersKey_LeavesTheKeyToTheUser()
    {
        await using var host = await StreamHost.StartAsync(StressMark.Setting);
        var user = host.User("somebody");
        var tested = await PostAsync("stress", StressMark.Headers());
        var own = await PostAsync("tides");

        Assert.NotEqual(tested.Text, own.Text);
        Assert.Equal(own.Text, (await PostAsync("tides")).Text);
        Assert.Equal(tested.Text, (await PostAsync("stress", StressMark.Headers())).Text);

        async Task<Answer> PostAsync(string prompt, params (string, string)[] headers)
        {
            var answer = await user.SendAsync(HttpMethod.Post, "/v1/streams", StreamUser.Body(prompt, Short), [("Idempotency-Key", "k"), .. headers]);
            Assert.Equal(HttpStatusCode.Accepted, answer.Status);
            return answer;
        }
    }

    [Theory]
    [InlineData("/v1/chat/completions", """{"model":"demo","conversation":"main","messages":[{"role":"user","content":"stress"}],"knobs":{"tokens":3}}""")]
    [InlineData("/v1/responses", """{"model":"demo","conversation":"main","input":"stress","knobs":{"tokens":3}}""")]
    public async Task Relay_UnderTheMarkInAConversation_EntersNoHistory(string path, string body)
    {
        await using var host = await StreamHost.StartAsync(StressMark.Setting);
        var user = host.User("somebody");
        Assert.Equal(HttpStatusCode.OK, (await user.SendAsync(HttpMethod.Post, path, body, StressMark.Headers())).Status);
        Assert.Equal(0, await HistoryAsync(user));

        Assert.Equal(HttpStatusCode.OK, (await user.SendAsync(HttpMethod.Post, path, body)).Status);
        await Eventually.TrueAsync(async () => await HistoryAsync(user) == 1);
    }

    [Fact]
    public async Task Ask_UnderAMarkWithoutSignature_IsRefused()
    {
        await using var host = await StreamHost.StartAsync(StressMark.Setting);

        (await host.User("somebody").SendAsync(HttpMethod.Post, "/v1/streams", StreamUser.Body("stress", Short), (LabelHeaders.Stress, "1")))
            .AssertRefused(HttpStatusCode.BadRequest, "LANE_LABEL_TAMPERED");
    }

    private static async Task AnswerAsync(StreamUser user)
    {
        var version = await user.AskAsync("tides", Short);
        using var reader = await user.FollowAsync(version);
        await reader.ReadAllAsync();
        Assert.Equal(HttpStatusCode.NoContent, (await user.AcknowledgeAsync(version)).Status);
    }

    private static async Task<int> HistoryAsync(StreamUser user, params (string, string)[] headers) =>
        (await user.SendAsync(HttpMethod.Get, "/v1/history", null, headers)).Json.GetProperty("items").GetArrayLength();

    private static string[] Journals(StreamHost host) =>
        [.. ((string[])["history.journal", "answers.journal"]).Select(name => Convert.ToHexString(File.ReadAllBytes(Path.Combine(host.Data, name))))];
}
