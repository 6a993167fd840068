using System.Globalization;
using System.Net;

namespace Fairway.Gateway.Tests.Streams;

/// <summary>What may be posted, acknowledged and looked up, and what is refused with which code.</summary>
public sealed class PostTests(StreamFixture fixture) : IClassFixture<StreamFixture>
{
    private const string Short = """{"tokens":3}""";
    private const string Slow = """{"tokens":100000,"tokensPerSecond":5}""";

    private StreamHost Host => fixture.Host;

    [Fact]
    public async Task Post_BadBodies_AreRefusedAsTheProtocolSays()
    {
        var user = Host.NewUser();
        foreach (var line in Cases.Of("posts"))
        {
            var answer = await user.SendAsync(HttpMethod.Post, "/v1/streams", line[0]);
            Assert.Equal(string.Join(' ', line), $"{line[0]} {((int)answer.Status).ToString(CultureInfo.InvariantCulture)} {answer.Code}");
            Assert.Equal("application/problem+json", answer.ContentType);
        }
    }

    [Fact]
    public async Task Post_BodyOverTheLimit_IsTooLargeHereOnlyAboveIt()
    {
        var user = Host.NewUser();
        var large = await user.SendAsync(HttpMethod.Post, "/v1/streams", StreamUser.Body(new string('x', 512 * 1024), Short));
        Assert.Equal(HttpStatusCode.Accepted, large.Status);
        (await user.SendAsync(HttpMethod.Post, "/v1/streams", StreamUser.Body(new string('x', 1024 * 1024), Short)))
            .AssertRefused(HttpStatusCode.RequestEntityTooLarge, "BODY_TOO_LARGE");
    }

    [Fact]
    public async Task Post_SameKey_ReplaysSameBodyAndRefusesAnother()
    {
        var user = Host.NewUser();
        var body = StreamUser.Body("tides", Short);
        var first = await user.SendAsync(HttpMethod.Post, "/v1/streams", body, ("Idempotency-Key", "k1"));
        var again = await user.SendAsync(HttpMethod.Post, "/v1/streams", body, ("Idempotency-Key", "k1"));
        Assert.Equal((HttpStatusCode.Accepted, first.Text), (again.Status, again.Text));
        (await user.SendAsync(HttpMethod.Post, "/v1/streams", body + " ", ("Idempotency-Key", "k1")))
            .AssertRefused(HttpStatusCode.UnprocessableEntity, "IDEMPOTENCY_MISMATCH");
        var other = await Host.NewUser().SendAsync(HttpMethod.Post, "/v1/streams", body + " ", ("Idempotency-Key", "k1"));
        Assert.Equal(HttpStatusCode.Accepted, other.Status);
        (await user.SendAsync(HttpMethod.Post, "/v1/streams", "{}", ("Idempotency-Key", "k2"))).AssertRefused(HttpStatusCode.BadRequest, "BAD_FIELD");
        Assert.Equal(HttpStatusCode.Accepted, (await user.SendAsync(HttpMethod.Post, "/v1/streams", body, ("Idempotency-Key", "k2"))).Status);
        (await user.SendAsync(HttpMethod.Post, "/v1/streams", body, ("Idempotency-Key", new string('k', 257))))
            .AssertRefused(HttpStatusCode.BadRequest, "BAD_FIELD");
    }

    [Fact]
    public async Task Post_SeventeenthConversation_IsTooManyUntilOneIsFreed()
    {
        var user = Host.NewUser();
        var first = await user.AskAsync("tides", Slow, "c0");
        for (var i = 1; i < 16; i++)
        {
            await user.AskAsync("tides", Short, $"c{i}");
        }

        (await user.SendAsync(HttpMethod.Post, "/v1/streams", StreamUser.Body("tides", Short, "c16")))
            .AssertRefused(HttpStatusCode.TooManyRequests, "TOO_MANY_CONVERSATIONS");
        await user.SendAsync(HttpMethod.Delete, $"/v1/streams/{first}");
        await user.AcknowledgeAsync(first);
        await user.AskAsync("tides", Short, "c16");
    }

    [Fact]
    public async Task Acknowledge_Rules_NotFinishedThenFreesAndRepeats()
    {
        var user = Host.NewUser();
        var version = await user.AskAsync("tides", """{"tokens":20,"tokensPerSecond":40}""");
        (await user.AcknowledgeAsync(version)).AssertRefused(HttpStatusCode.Conflict, "NOT_FINISHED");
        using (var reader = await user.FollowAsync(version))
        {
            await reader.ReadAllAsync();
        }

        Assert.Equal("done", await user.StateAsync(version));
        Assert.Equal(HttpStatusCode.NoContent, (await user.AcknowledgeAsync(version)).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await user.AcknowledgeAsync(version)).Status);
        using var current = await user.FollowAsync("current");
        Assert.Equal(HttpStatusCode.NoContent, current.Status);
        (await user.SendAsync(HttpMethod.Get, $"/v1/streams/{version}")).AssertRefused(HttpStatusCode.Gone, "STREAM_GONE");
    }

    [Fact]
    public async Task History_Acknowledged_IsPagedNewestFirstAndOnesOwn()
    {
        var user = Host.NewUser();
        var versions = new List<string>();
        for (var i = 0; i < 23; i++)
        {
            var version = await user.AskAsync($"question {i}", """{"tokens":2}""");
            using var reader = await user.FollowAsync(version);
            await reader.ReadAllAsync();
            Assert.Equal(HttpStatusCode.NoContent, (await user.AcknowledgeAsync(version)).Status);
            versions.Insert(0, version);
        }

        var first = (await user.SendAsync(HttpMethod.Get, "/v1/history")).Json;
        var next = first.GetProperty("next").GetString();
        var second = (await user.SendAsync(HttpMethod.Get, $"/v1/history?conversation=main&before={next}")).Json;
        Assert.Equal(System.Text.Json.JsonValueKind.Null, second.GetProperty("next").ValueKind);
        var items = first.GetProperty("items").EnumerateArray().Concat(second.GetProperty("items").EnumerateArray()).ToArray();
        Assert.Equal(versions, items.Select(item => item.GetProperty("version").GetString()!));
        Assert.Equal("question 22", items[0].GetProperty("messages")[0].GetProperty("content").GetString());
        Assert.NotEqual("", items[0].GetProperty("answer").GetString());
        Assert.EndsWith("Z", items[0].GetProperty("finishedAt").GetString(), StringComparison.Ordinal);
        Assert.Empty((await Host.NewUser().SendAsync(HttpMethod.Get, "/v1/history")).Json.GetProperty("items").EnumerateArray());
        Assert.Empty((await user.SendAsync(HttpMethod.Get, "/v1/history?conversation=other")).Json.GetProperty("items").EnumerateArray());
        (await user.SendAsync(HttpMethod.Get, "/v1/history?before=x")).AssertRefused(HttpStatusCode.BadRequest, "BAD_FIELD");
        (await user.SendAsync(HttpMethod.Get, "/v1/history?conversation=a/b")).AssertRefused(HttpStatusCode.BadRequest, "BAD_NAME");
    }

    [Fact]
    public async Task Log_AfterCallsOfEveryKind_HasNoTokenAndNoPrompt()
    {
        var user = Host.NewUser();
        const string Prompt = "a prompt nobody else may read";
        var version = await user.AskAsync(Prompt, Short);
        using (var reader = await user.FollowAsync(version))
        {
            await reader.ReadAllAsync();
        }

        await user.SendAsync(HttpMethod.Post, "/v1/streams", "{\"messages\": " + Prompt);
        await user.SendAsync(HttpMethod.Post, "/v1/session");
        await user.AcknowledgeAsync(version);
        var log = Host.Gateway.Log.ToString();
        Assert.DoesNotContain(Prompt, log, StringComparison.Ordinal);
        Assert.DoesNotContain(user.Token, log, StringComparison.Ordinal);
        Assert.DoesNotContain(StreamHost.Secret, log, StringComparison.Ordinal);
    }
}
