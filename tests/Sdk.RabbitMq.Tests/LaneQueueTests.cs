using System.Collections.Concurrent;
using System.Text;
using Fairway.Core.Lanes;
using Fairway.Sdk.Lanes;
using Fairway.Sdk.RabbitMq.Lanes;
using Fairway.Testing;

namespace Fairway.Sdk.RabbitMq.Tests;

[Collection(RabbitCollection.Name)]
public sealed class LaneQueueTests(RabbitFixture rabbit) : IAsyncLifetime
{
    private LaneRig _rig = null!;

    public async Task InitializeAsync()
    {
        _rig = new LaneRig(rabbit);
        await _rig.StartPublisherAsync();
    }

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task Publish_EveryKindOfLabel_ExactlyTheStampedGroupOfEachServiceProcesses()
    {
        _rig.Lanes.Declare("blue", "stock");
        _rig.Lanes.Declare("red", "billing");
        await _rig.ConsumeAsync("stock");
        await _rig.ConsumeAsync("stock", "blue");
        await _rig.ConsumeAsync("billing");
        await _rig.ConsumeAsync("billing", "red");

        await _rig.PublishAsync("none");
        await _rig.PublishAsync("to blue", "blue");
        await _rig.PublishAsync("to red", "red");
        await _rig.PublishAsync("to nobody", "unknown");

        await Eventually.True(() => _rig.Seen.Count == 8);
        Assert.Equal(
            [
                "billing: none", "billing: to blue", "billing: to nobody", "billing@red: to red",
                "stock: none", "stock: to nobody", "stock: to red", "stock@blue: to blue",
            ],
            _rig.Seen.Select(seen => $"{seen.Who}: {seen.Text}").Order(StringComparer.Ordinal));
        Assert.All(_rig.Seen, seen => Assert.Equal(seen.Text.StartsWith("to ", StringComparison.Ordinal) && seen.Text != "to nobody" ? seen.Text[3..] : seen.Label.Lane ?? "", seen.Label.Lane ?? ""));
        Assert.All(_rig.Seen, seen => Assert.Equal(seen.Label, seen.Current));
        Assert.All(_rig.Seen.Where(seen => seen.Text == "to nobody"), seen => Assert.Equal("unknown", seen.Label.Lane));
        foreach (var group in new[] { _rig.Group("stock"), _rig.Group("stock", "blue"), _rig.Group("billing"), _rig.Group("billing", "red") })
        {
            await Eventually.TrueAsync(async () => await _rig.WaitingAsync(group.Queue) == 0);
        }
    }

    [Fact]
    public async Task Publish_LanesNotReadYet_WaitsForThemAndKeepsToTheLane()
    {
        await using var rig = new LaneRig(rabbit, lanes: new SetLanes(isRead: false));
        await rig.StartPublisherAsync();
        await rig.ConsumeAsync("stock");
        await rig.ConsumeAsync("stock", "blue");

        var labelled = rig.PublishAsync("to blue", "blue");
        await rig.PublishAsync("plain"); // needs no lanes
        Assert.False(labelled.IsCompleted);
        rig.Lanes.Declare("blue", "stock");
        await labelled;

        await Eventually.True(() => rig.Seen.Count == 2);
        Assert.Equal(["stock: plain", "stock@blue: to blue"], rig.Seen.Select(seen => $"{seen.Who}: {seen.Text}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Publish_LanesNeverRead_IsRefusedAndNothingArrives()
    {
        await using var rig = new LaneRig(rabbit, lanes: new SetLanes(isRead: false), confirmSeconds: 0.2);
        await rig.StartPublisherAsync();
        await rig.ConsumeAsync("stock");

        var away = await Assert.ThrowsAsync<BrokerAwayException>(() => rig.PublishAsync("to blue", "blue"));

        Assert.False(away.MayHaveArrived);
        await rig.PublishAsync("plain");
        await Eventually.True(() => !rig.Seen.IsEmpty);
        Assert.Equal("plain", Assert.Single(rig.Seen).Text);
    }

    [Fact]
    public async Task Publish_OwnRegistrationNotSeenYet_WaitsForItOnce()
    {
        await using var rig = new LaneRig(rabbit, registered: () => ("blue", "stock"), confirmSeconds: 1);
        await rig.StartPublisherAsync();
        await rig.ConsumeAsync("stock");
        await rig.ConsumeAsync("stock", "blue");

        await rig.PublishAsync("to red", "red"); // another lane's
        var labelled = rig.PublishAsync("to blue", "blue");
        Assert.False(labelled.IsCompleted);
        rig.Lanes.Declare("blue", "stock");
        await labelled;
        rig.Lanes.Remove("blue"); // by an operator: from now on undeclared
        await rig.PublishAsync("late", "blue");

        await Eventually.True(() => rig.Seen.Count == 3);
        Assert.Equal(
            ["stock: late", "stock: to red", "stock@blue: to blue"], rig.Seen.Select(seen => $"{seen.Who}: {seen.Text}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Publish_WithinALabel_CarriesItAndTheNextMessageSeesNone()
    {
        await _rig.ConsumeAsync("stock", configure: options => options with { Concurrency = 1 });

        using (LaneContext.Use(Label.Of("green", stress: true, "10.0.0.1:80")))
        {
            await _rig.Publisher.PublishAsync(_rig.Topic, "labelled"u8.ToArray());
        }

        await _rig.Publisher.PublishAsync(_rig.Topic, "plain"u8.ToArray());

        await Eventually.True(() => _rig.Seen.Count == 2);
        Assert.Equal([Label.Of("green", stress: true, "10.0.0.1:80"), Label.None], _rig.Seen.Select(seen => seen.Current));
    }

    [Fact]
    public async Task Publish_DeclaredLaneThatNeverRan_WaitsInItsGroup()
    {
        await _rig.ConsumeAsync("stock");
        _rig.Lanes.Declare("late", "stock");

        for (var i = 0; i < 20; i++)
        {
            await _rig.PublishAsync($"{i}", "late");
        }

        await _rig.PublishAsync("base");
        await Eventually.True(() => _rig.Seen.Any(seen => seen.Text == "base"));
        Assert.Equal(21u, await _rig.WaitingAsync(_rig.Group("stock", "late").Queue)); // every group gets every message
        await Eventually.True(() => _rig.Metrics.Figures.Any(figures => figures is { Group.Lane: "late", Backlog: 21, Alarm: GroupAlarm.Parked }));
        Assert.Single(_rig.Seen);

        await _rig.ConsumeAsync("stock", "late");
        await Eventually.True(() => _rig.Seen.Count(seen => seen.Who == "stock@late") == 20);
        await Eventually.True(() => _rig.Metrics.Figures.Any(figures => figures is { Group.Lane: "late", Backlog: 0, Alarm: GroupAlarm.None }));
    }

    [Fact]
    public async Task Publish_LaneDownThatSaysBase_BaseTakesItsMessagesUntilItIsBack()
    {
        _rig.Lanes.Declare("blue", "stock", "base");
        var standsIn = await _rig.ConsumeAsync("stock");

        await _rig.PublishAsync("while down", "blue");
        await Eventually.True(() => _rig.Seen.Count == 1);
        var seen = _rig.Seen.Single();
        Assert.Equal(("stock", "while down", "blue"), (seen.Who, seen.Text, seen.Current.Lane));
        Assert.Equal(["blue"], standsIn.StandsInFor);

        await _rig.ConsumeAsync("stock", "blue");
        _rig.Lanes.SetLive("blue", true);
        await Eventually.True(() => standsIn.StandsInFor.Count == 0);
        await _rig.PublishAsync("while up", "blue");
        await Eventually.True(() => _rig.Seen.Any(seen => seen.Text == "while up"));
        Assert.Equal("stock@blue", _rig.Seen.Last().Who);
    }

    [Fact]
    public async Task Registry_Away_BaseDoesNotBeginToTakeMessagesOfALane()
    {
        _rig.Lanes.Declare("blue", "stock", "base");
        _rig.Lanes.SetLive("blue", true);
        var standsIn = await _rig.ConsumeAsync("stock");
        _rig.Lanes.SetStale(true);
        _rig.Lanes.SetLive("blue", false); // as it would look when its lease is not renewed

        await _rig.PublishAsync("waits", "blue");
        await Eventually.True(() => _rig.Metrics.Figures.Any(figures => figures is { Group.Lane: "blue", Backlog: 1 }));
        for (var looks = 0; looks < 10; looks++)
        {
            await _rig.PublishAsync("base"); // each look comes and goes
            await Task.Delay(100);
        }

        Assert.Empty(standsIn.StandsInFor);
        Assert.DoesNotContain(_rig.Seen, seen => seen.Text == "waits");

        _rig.Lanes.SetStale(false);
        await Eventually.True(() => _rig.Seen.Any(seen => seen.Text == "waits"));
    }

    [Fact]
    public async Task Lane_Removed_ItsRestGoesToBaseOnce()
    {
        _rig.Lanes.Declare("gone", "stock");
        await _rig.ConsumeAsync("stock");
        for (var i = 0; i < 30; i++)
        {
            await _rig.PublishAsync($"{i}", "gone");
        }

        _rig.Lanes.Remove("gone");
        await _rig.PublishAsync("after", "gone");

        await Eventually.True(() => _rig.Seen.Count == 31);
        Assert.Equal(31, _rig.Seen.Select(seen => seen.Id).Distinct().Count());
        Assert.All(_rig.Seen, seen => Assert.Equal(("stock", "gone"), (seen.Who, seen.Current.Lane)));
        Assert.Equal(0u, await _rig.WaitingAsync(_rig.Group("stock", "gone").Queue));
    }

    [Fact]
    public async Task Lane_RemovedWhileBaseWasAway_ItsRestGoesToBaseAllTheSame()
    {
        _rig.Lanes.Declare("gone", "stock");
        await (await _rig.ConsumeAsync("stock")).DisposeAsync();
        await _rig.PublishAsync("left", "gone");
        _rig.Lanes.Remove("gone");

        await _rig.ConsumeAsync("stock");

        await Eventually.True(() => _rig.Seen.Count == 1);
        Assert.Equal(("left", "gone"), (_rig.Seen.Single().Text, _rig.Seen.Single().Current.Lane));
    }

    [Fact]
    public async Task Handler_FailsTwice_IsTriedAgainInItsGroupWithItsLabelAndId()
    {
        _rig.Lanes.Declare("blue", "stock");
        await _rig.ConsumeAsync("stock");
        await _rig.ConsumeAsync("stock", "blue");
        _rig.Then = seen => seen is { Text: "bad", Attempt: < 3 } ? throw new InvalidOperationException("not yet") : Task.CompletedTask;

        var id = await _rig.PublishAsync("bad", "blue", stress: true);

        await Eventually.True(() => _rig.Seen.Count == 3);
        Assert.Equal([1, 2, 3], _rig.Seen.Select(seen => seen.Attempt));
        Assert.All(_rig.Seen, seen => Assert.Equal(("stock@blue", id, Label.Of("blue", stress: true)), (seen.Who, seen.Id, seen.Current)));
    }

    [Fact]
    public async Task Handler_AlwaysFails_IsADeadLetterOfItsGroupAndRedriveBringsItBack()
    {
        _rig.Lanes.Declare("blue", "stock");
        await _rig.ConsumeAsync("stock");
        await _rig.ConsumeAsync("stock", "blue", options => options with { MaxAttempts = 2 });
        var isFixed = false;
        _rig.Then = seen => seen.Text == "poison" && !Volatile.Read(ref isFixed) ? throw new InvalidOperationException("poisoned") : Task.CompletedTask;

        var id = await _rig.PublishAsync("poison", "blue");
        await _rig.PublishAsync("fine", "blue");
        var group = _rig.Group("stock", "blue");
        await Eventually.TrueAsync(async () => await _rig.WaitingAsync(group.DeadLetters) == 1);
        await Eventually.True(() => _rig.Metrics.Figures.Any(figures => figures is { Group.Lane: "blue", DeadLetters: 1 }));
        Assert.Equal(2, _rig.Seen.Count(seen => seen.Text == "poison"));
        Assert.Single(_rig.Seen, seen => seen.Text == "fine");

        Volatile.Write(ref isFixed, true);
        await using var connection = await _rig.ConnectAsync();
        Assert.Equal(1, await DeadLetters.RedriveAsync(connection, group, 100));
        await Eventually.True(() => _rig.Seen.Count(seen => seen.Text == "poison") == 3);
        var back = _rig.Seen.Last();
        Assert.Equal(("stock@blue", id, 1, "blue"), (back.Who, back.Id, back.Attempt, back.Current.Lane));
        Assert.Equal(0u, await _rig.WaitingAsync(group.DeadLetters));
    }

    [Fact]
    public async Task Batch_MixedLabels_EachMessageHasItsOwnContextAndOnlyTheFailedComesAgain()
    {
        _rig.Lanes.Declare("elsewhere", "stock");
        var batches = new ConcurrentQueue<(string Text, Label Outside, Label Inside, int Attempt)[]>();
        for (var i = 0; i < 3; i++)
        {
            await _rig.PublishAsync("before anybody listens"); // nobody's: there is no group yet
        }

        await _rig.ConsumeBatchesAsync(
            "stock",
            (messages, _) =>
            {
                var seen = new List<(string, Label, Label, int)>();
                foreach (var message in messages)
                {
                    var outside = LaneContext.Current;
                    using (message.Use())
                    {
                        var text = Encoding.UTF8.GetString(message.Body.Span);
                        seen.Add((text, outside, LaneContext.Current, message.Attempt));
                        if (text == "2" && message.Attempt == 1)
                        {
                            message.Fail(new InvalidOperationException("the second one"));
                        }
                    }
                }

                batches.Enqueue([.. seen]);
                return Task.CompletedTask;
            },
            options => options with { BatchSize = 4, BatchWait = TimeSpan.FromSeconds(20), Concurrency = 1 });
        foreach (var (text, lane) in new[] { ("1", "a"), ("2", "b"), ("3", null), ("4", "c") })
        {
            await _rig.PublishAsync(text, lane);
        }

        await Eventually.True(() => batches.Count == 1);
        var first = batches.Single();
        Assert.Equal([("1", "a"), ("2", "b"), ("3", null), ("4", "c")], first.Select(seen => (seen.Text, seen.Inside.Lane)));
        Assert.All(first, seen => Assert.Equal(Label.None, seen.Outside));

        foreach (var text in new[] { "5", "6", "7" })
        {
            await _rig.PublishAsync(text);
        }

        await Eventually.True(() => batches.Count == 2);
        Assert.Equal(["2", "5", "6", "7"], batches.Last().Select(seen => seen.Text).Order());
        Assert.Contains(batches.Last(), seen => seen is { Text: "2", Attempt: 2, Inside.Lane: "b" });
    }

    [Fact]
    public async Task Publish_BrokerAway_SaysSoAndWorksWhenItIsBack()
    {
        await using var proxy = new TcpProxy(rabbit.Server.Port);
        await using var rig = new LaneRig(rabbit, $"amqp://guest:guest@127.0.0.1:{proxy.Port}/");
        await rig.StartPublisherAsync();
        await rig.ConsumeAsync("stock");
        proxy.Cut();
        await Eventually.True(() => !rig.Publisher.IsUp);
        await Assert.ThrowsAsync<BrokerAwayException>(() => rig.PublishAsync("lost"));

        proxy.Mend();
        await Eventually.True(() => rig.Publisher.IsUp);
        await rig.PublishAsync("found");
        await Eventually.True(() => rig.Seen.Any(seen => seen.Text == "found"));
    }

    [Theory]
    [InlineData("amq.topic")]
    [InlineData("with space")]
    [InlineData("")]
    public async Task Publish_MalformedTopic_IsRefused(string topic) =>
        await Assert.ThrowsAsync<ArgumentException>(() => _rig.Publisher.PublishAsync(topic, default));

    [Fact]
    public void Queue_NamesWithUnderscores_AreNeverTwoGroups()
    {
        Assert.NotEqual(new Group("b_c", "s", "a").Queue, new Group("c", "s", "a_b").Queue);
        Assert.Equal("GID_blue_orders", new Group("orders", "s", "blue").Name);
        Assert.Equal("GID_orders", new Group("orders", "s", null).Name);
    }
}
