using System.Net;
using Fairway.Gateway.Tests.Generation;
using Fairway.Gateway.Tests.Streams;
using Fairway.Testing;

namespace Fairway.Gateway.Tests.Brokers;

[Collection(BrokerCollection.Name)]
public sealed class BrokerFaultTests(BrokerFixture servers) : IAsyncLifetime
{
    private const string Short = """{"tokens":8}""";
    private const string Slow = """{"tokensPerSecond":20,"tokens":60}""";

    private readonly string _name = BrokerFixture.NewName();
    private ModelServer _model = null!;

    public async Task InitializeAsync() => _model = await ModelServer.StartAsync();

    public async Task DisposeAsync() => await _model.DisposeAsync();

    [Fact]
    public async Task Post_BrokerAway_IsRefusedWithNothingHalfAdmittedAndTakenWhenItIsBack()
    {
        await using var proxy = new TcpProxy(servers.Rabbit.Port);
        await using var host = await BrokerHost.StartAsync(
            _model, [.. servers.Settings(_name), $"--Jobs:RabbitMq:Uri=amqp://guest:guest@127.0.0.1:{proxy.Port}/"]);
        var user = host.User("asker");
        var kept = await user.AskAsync("kept", Short);
        await BrokerHost.ReadAsync(user, kept);

        proxy.Cut();
        await Eventually.TrueAsync(async () =>
            (await user.SendAsync(HttpMethod.Post, "/v1/streams", StreamUser.Body("lost", Short, "elsewhere"))).Status == HttpStatusCode.ServiceUnavailable);
        var calls = _model.Figures.Calls;
        using (var request = new HttpRequestMessage(HttpMethod.Post, "/v1/streams"))
        {
            request.Headers.Authorization = new("Bearer", user.Token);
            request.Content = new StringContent(StreamUser.Body("refused", Short), System.Text.Encoding.UTF8, "application/json");
            using var refused = await host.Gateway.Client.SendAsync(request);
            (await Answer.ReadAsync(refused)).AssertRefused(HttpStatusCode.ServiceUnavailable, "QUEUE_AWAY");
            Assert.NotNull(refused.Headers.RetryAfter);
        }

        Assert.Equal("done", await user.StateAsync(kept)); // the conversation's answer was not superseded
        Assert.Equal(HttpStatusCode.NoContent, (await user.SendAsync(HttpMethod.Get, "/v1/streams/current/events?conversation=fresh")).Status);

        proxy.Mend();
        var later = await BrokerHost.AskAsync(user, "later", Short);
        Assert.Equal("stop", (await BrokerHost.ReadAsync(user, later))[^1].Event);
        Assert.False(BrokerHost.CallsByPrompt(_model).ContainsKey("refused"));
        Assert.Equal(calls + 1, _model.Figures.Calls);
    }

    [Fact]
    public async Task Acknowledge_DatabaseAway_IsRefusedFreesNothingAndWorksWhenItIsBack()
    {
        await using var proxy = new TcpProxy(servers.Postgres.Port);
        await using var host = await BrokerHost.StartAsync(
            _model,
            [.. servers.Settings(_name), $"--History:Postgres:ConnectionString=Host=127.0.0.1;Port={proxy.Port};Username=fairway;Database=postgres;SSL Mode=Disable"]);
        var user = host.User("acknowledger");
        var version = await user.AskAsync("question", Short);
        var frames = await BrokerHost.ReadAsync(user, version);

        proxy.Cut();
        (await user.AcknowledgeAsync(version)).AssertRefused(HttpStatusCode.ServiceUnavailable, "HISTORY_AWAY");
        Assert.Equal("done", await user.StateAsync(version));
        Assert.Equal(frames, await BrokerHost.ReadAsync(user, version));
        (await user.SendAsync(HttpMethod.Get, "/v1/history")).AssertRefused(HttpStatusCode.ServiceUnavailable, "HISTORY_AWAY");
        (await user.SendAsync(HttpMethod.Post, "/v1/streams", StreamUser.Body("keyed", Short, "keyed"), ("Idempotency-Key", "k")))
            .AssertRefused(HttpStatusCode.ServiceUnavailable, "HISTORY_AWAY");

        proxy.Mend();
        await BrokerHost.AcknowledgeAsync(user, version);
        Assert.Equal(HttpStatusCode.NoContent, (await user.AcknowledgeAsync(version)).Status);
        Assert.Equal(HttpStatusCode.Gone, (await user.SendAsync(HttpMethod.Get, $"/v1/streams/{version}")).Status);
        Assert.Equal([version], await BrokerHost.HistoryAsync(user));
    }

    [Fact]
    public async Task Answer_DatabaseAwayAtItsFirstFrame_WaitsForItAndComesWhole()
    {
        await using var proxy = new TcpProxy(servers.Postgres.Port);
        await using var host = await BrokerHost.StartAsync(
            _model,
            [.. servers.Settings(_name), $"--History:Postgres:ConnectionString=Host=127.0.0.1;Port={proxy.Port};Username=fairway;Database=postgres;SSL Mode=Disable"]);
        var user = host.User("patient");

        proxy.Cut();
        var version = await user.AskAsync("patience", Short);
        await Eventually.True(() => _model.Figures.Calls == 1);
        Assert.Equal("queued", await user.StateAsync(version));

        proxy.Mend();
        Assert.Equal("stop", (await BrokerHost.ReadAsync(user, version))[^1].Event);
        Assert.Equal(1, _model.Figures.Calls);
    }

    [Fact]
    public async Task RabbitKilled_UnderLoad_WhatWasTakenIsAnsweredWholeByOneModelCallEach()
    {
        await using var host = await BrokerHost.StartAsync(_model, servers.Settings(_name));
        var users = BrokerHost.Soak ? 200 : 40;
        using var isBack = new CancellationTokenSource();
        var asking = Enumerable.Range(0, users).Select(index => AskOnAsync(index)).ToArray();
        // RabbitMQ writes what queues there are some seconds late: one declared just before a SIGKILL may be broken for good.
        await Eventually.True(() => _model.Figures.Calls >= 3 * users || asking.Any(task => task.IsCompleted), TimeSpan.FromSeconds(60));

        servers.Rabbit.Kill();
        await Eventually.TrueAsync(async () =>
            (await host.User("probe").SendAsync(HttpMethod.Post, "/v1/streams", StreamUser.Body("probe", Short))).Status == HttpStatusCode.ServiceUnavailable);
        await servers.Rabbit.RestartAsync();
        var after = await BrokerHost.AskAsync(host.User("after"), "after", Short);
        Assert.Equal("stop", (await BrokerHost.ReadAsync(host.User("after"), after))[^1].Event);
        await isBack.CancelAsync();
        var prompts = (await Task.WhenAll(asking)).SelectMany(taken => taken).ToList();

        var calls = BrokerHost.CallsByPrompt(_model);
        Assert.All(prompts, prompt => Assert.Equal(1, calls[prompt]));

        async Task<List<string>> AskOnAsync(int index)
        {
            var user = host.User($"loader-{index}");
            var taken = new List<string>();
            while (!isBack.IsCancellationRequested || taken.Count == 0)
            {
                var prompt = $"{index}.{taken.Count}";
                var version = await BrokerHost.AskAsync(user, prompt, Slow);
                var frames = await BrokerHost.ReadAsync(user, version);
                Assert.Equal("stop", frames[^1].Event);
                Assert.Equal(63, frames.Count);
                taken.Add(prompt);
            }

            return taken;
        }
    }

    [Fact]
    public async Task PostgresKilled_UnderLoad_WhatWasAcknowledgedStandsInHistoryOnce()
    {
        await using var host = await BrokerHost.StartAsync(_model, servers.Settings(_name));
        using var isOver = new CancellationTokenSource();
        var acknowledging = Enumerable.Range(0, BrokerHost.Soak ? 100 : 20).Select(index => AcknowledgeOnAsync($"keeper-{index}")).ToArray();
        await Eventually.TrueAsync(
            async () => await servers.QueryAsync<long>($"SELECT count(*) FROM {_name}.answers") > 40, TimeSpan.FromSeconds(60));

        servers.Postgres.Kill();
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System); // acknowledgements are refused, or all wait for their answers
        await servers.Postgres.RestartAsync();
        var before = await servers.QueryAsync<long>($"SELECT count(*) FROM {_name}.answers");
        await Eventually.TrueAsync(
            async () => await servers.QueryAsync<long>($"SELECT count(*) FROM {_name}.answers") > before + 20, TimeSpan.FromSeconds(60));
        await isOver.CancelAsync();

        foreach (var (user, acknowledged) in await Task.WhenAll(acknowledging))
        {
            var kept = await BrokerHost.HistoryAsync(host.User(user));
            Assert.Equal(kept.Distinct(), kept);
            Assert.Equal(acknowledged.Order(), kept.Order());
        }

        async Task<(string User, List<string> Acknowledged)> AcknowledgeOnAsync(string subject)
        {
            var user = host.User(subject);
            var acknowledged = new List<string>();
            while (!isOver.IsCancellationRequested)
            {
                var version = await BrokerHost.AskAsync(user, "again", Short);
                Assert.Equal("stop", (await BrokerHost.ReadAsync(user, version))[^1].Event);
                await BrokerHost.AcknowledgeAsync(user, version);
                acknowledged.Add(version);
            }

            return (subject, acknowledged);
        }
    }

    [Fact]
    public async Task Post_HundredTimesWithOneKeyOverTwoGateways_IsOneModelCallAndOneAnswer()
    {
        await using var one = await BrokerHost.StartAsync(_model, servers.Settings(_name));
        await using var other = await BrokerHost.StartAsync(_model, servers.Settings(_name));
        var body = StreamUser.Body("once", Short);

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(index =>
            (index % 2 == 0 ? one : other).User("repeater").SendAsync(HttpMethod.Post, "/v1/streams", body, ("Idempotency-Key", "only"))));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Accepted, answer.Status));
        Assert.Single(answers.Select(answer => answer.Text).Distinct());
        await Eventually.True(() => _model.Figures is { Calls: 1, Active: 0 });
        (await other.User("repeater").SendAsync(HttpMethod.Post, "/v1/streams", StreamUser.Body("twice", Short), ("Idempotency-Key", "only")))
            .AssertRefused(HttpStatusCode.UnprocessableEntity, "IDEMPOTENCY_MISMATCH");
        Assert.Equal(HttpStatusCode.Accepted, (await one.User("stranger").SendAsync(
            HttpMethod.Post, "/v1/streams", StreamUser.Body("twice", Short), ("Idempotency-Key", "only"))).Status);
        await Eventually.True(() => _model.Figures is { Calls: 2, Active: 0 });
    }

    [Fact]
    public async Task Post_RefusedWithAKey_LeavesTheKeyToTheNext()
    {
        await using var host = await BrokerHost.StartAsync(_model, [.. servers.Settings(_name), "--Streams:MaxConversations=1"]);
        var user = host.User("crowded");
        var first = await user.AskAsync("first", Short, "first");
        await BrokerHost.ReadAsync(user, first);

        var body = StreamUser.Body("second", Short, "second");
        (await user.SendAsync(HttpMethod.Post, "/v1/streams", body, ("Idempotency-Key", "k")))
            .AssertRefused(HttpStatusCode.TooManyRequests, "TOO_MANY_CONVERSATIONS");
        await user.AcknowledgeAsync(first);

        var taken = await user.SendAsync(HttpMethod.Post, "/v1/streams", body, ("Idempotency-Key", "k"));
        Assert.Equal(HttpStatusCode.Accepted, taken.Status);
        Assert.Equal(taken.Text, (await user.SendAsync(HttpMethod.Post, "/v1/streams", body, ("Idempotency-Key", "k"))).Text);
    }

    [Fact]
    public async Task GatewayGone_InMidAnswer_TheNextEndsItInInterruptedWithoutASecondCall()
    {
        string version;
        await using (var first = await BrokerHost.StartAsync(_model, servers.Settings(_name)))
        {
            var user = first.User("moved");
            version = await user.AskAsync("long", """{"tokensPerSecond":10,"tokens":1000}""");
            using var reader = await user.FollowAsync(version);
            Assert.True(await reader.ReadAsync(parser => parser.Frames.Count >= 3));
        }

        await using var second = await BrokerHost.StartAsync(_model, servers.Settings(_name));
        var moved = second.User("moved");
        await Eventually.TrueAsync(async () =>
            (await moved.SendAsync(HttpMethod.Get, $"/v1/streams/{version}")) is { Status: HttpStatusCode.OK } known
            && known.Json.GetProperty("state").GetString() == "failed");
        using var again = await moved.FollowAsync(version);
        var frames = await again.ReadAllAsync();
        Assert.Equal(Enumerable.Range(0, frames.Count), frames.Select(frame => frame.Offset)); // what it had stored came over the database
        Assert.True(frames.Count > 3);
        Assert.Equal("error", frames[^1].Event);
        Assert.Contains("INTERRUPTED", frames[^1].Data, StringComparison.Ordinal);
        Assert.Equal(1, _model.Figures.Calls);
    }

    [Fact]
    public async Task Start_BothAway_TheGatewayServesAndComesToThemByItself()
    {
        await using var rabbit = new TcpProxy(servers.Rabbit.Port);
        await using var postgres = new TcpProxy(servers.Postgres.Port);
        rabbit.Cut();
        postgres.Cut();
        await using var gateway = await GatewayHost.StartAsync(
        [
            "--jwt-secret", StreamHost.Secret, $"--Models:demo:BaseUrl={_model.Url}/v1", .. servers.Settings(_name),
            $"--Jobs:RabbitMq:Uri=amqp://guest:guest@127.0.0.1:{rabbit.Port}/",
            $"--History:Postgres:ConnectionString=Host=127.0.0.1;Port={postgres.Port};Username=fairway;Database=postgres;SSL Mode=Disable",
        ]);
        var user = StreamUser.Of(gateway.Client, "early");
        (await user.SendAsync(HttpMethod.Post, "/v1/streams", StreamUser.Body("early", Short))).AssertRefused(HttpStatusCode.ServiceUnavailable, "QUEUE_AWAY");

        rabbit.Mend();
        postgres.Mend();
        var version = await BrokerHost.AskAsync(user, "late", Short);
        Assert.Equal("stop", (await BrokerHost.ReadAsync(user, version))[^1].Event);
        await BrokerHost.AcknowledgeAsync(user, version);
        Assert.Equal([version], await BrokerHost.HistoryAsync(user));
    }
}
