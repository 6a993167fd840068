using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Fairway.Registry;
using Fairway.Registry.Memory;
using Fairway.Registry.Schema;
using Fairway.Sdk.RabbitMq.Lanes;
using Fairway.Sdk.Registration;
using Fairway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fairway.Sdk.RabbitMq.Tests;

/// <summary>Instances that leave, by an operator's word, a request's, a release's, or their own.</summary>
[Collection(RabbitCollection.Name)]
public sealed class OfflineTests(RabbitFixture rabbit) : IAsyncLifetime
{
    private const string First = "10.0.0.1:80";
    private const string Second = "10.0.0.2:80";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LaneRig _rig = null!;

    public async Task InitializeAsync()
    {
        _rig = new LaneRig(rabbit);
        await _rig.StartPublisherAsync();
    }

    public async Task DisposeAsync()
    {
        _release.TrySetResult();
        await _rig.DisposeAsync();
    }

    [Fact]
    public async Task Offline_ByAnOperator_FinishesWhatRunsGivesBackTheRestAndGoesOnAfterwards()
    {
        await StartAsync("one", First);
        _rig.Then = seen => seen.Text == "held" ? _release.Task : Task.CompletedTask;
        await _rig.PublishAsync("held");
        await Eventually.True(() => _rig.Seen.Count == 1, Patience);
        for (var i = 0; i < 10; i++)
        {
            await _rig.PublishAsync($"{i}"); // sent to it, and not begun: it handles one at a time
        }

        _rig.Lanes.SetOffline(First, true);
        await StartAsync("two", Second);
        await Eventually.True(() => _rig.Seen.Count(seen => seen.Who == "two") == 10, Patience);
        Assert.Single(_rig.Seen, seen => seen.Who == "one");
        _release.SetResult();
        await Eventually.TrueAsync(async () => await _rig.WaitingAsync(Queue) == 0 && _rig.Seen.Count == 11, Patience);

        _rig.Lanes.SetOffline(First, false);
        _rig.Lanes.SetOffline(Second, true);
        await Eventually.TrueAsync(
            async () =>
            {
                await _rig.PublishAsync("back");
                return _rig.Seen.Any(seen => seen is { Who: "one", Text: "back" });
            },
            Patience);
        Assert.Equal(11, _rig.Seen.Where(seen => seen.Text != "back").Select(seen => seen.Text).Distinct().Count());
        Assert.All(_rig.Seen, seen => Assert.Equal(1, seen.Attempt));
    }

    [Fact]
    public async Task Offline_ByTheMessagesLabel_IsAnotherInstancesAndCostsNoAttempt()
    {
        var label = Label.Of(null, offline: First);
        await StartAsync("one", First);
        await _rig.PublishAsync("not here", label);
        await _rig.PublishAsync("here");
        await Eventually.True(() => _rig.Seen.Count == 1, Patience);
        Assert.Equal("here", _rig.Seen.Single().Text);

        await StartAsync("two", Second);
        await Eventually.True(() => _rig.Seen.Any(seen => seen.Text == "not here"), Patience);
        var seen = _rig.Seen.Single(seen => seen.Text == "not here");
        Assert.Equal(("two", 1, label), (seen.Who, seen.Attempt, seen.Current));
    }

    [Fact]
    public async Task Offline_BaseThatStandsIn_LeavesTheLaneToAnother()
    {
        _rig.Lanes.Declare("blue", "stock", "base");
        await StartAsync("one", First);
        await _rig.PublishAsync("first", "blue");
        await Eventually.True(() => _rig.Seen.Any(seen => seen.Text == "first"), Patience);

        _rig.Lanes.SetOffline(First, true);
        await StartAsync("two", Second);
        await _rig.PublishAsync("second", "blue");
        await Eventually.True(() => _rig.Seen.Any(seen => seen.Text == "second"), Patience);
        Assert.Equal("two", _rig.Seen.Single(seen => seen.Text == "second").Who);
    }

    [Fact]
    public async Task Drain_HandlerRuns_ReturnsWhenItEndsAndOthersHaveTheRest()
    {
        var one = await StartAsync("one", First);
        _rig.Then = seen => seen.Text == "held" ? _release.Task : Task.CompletedTask;
        await _rig.PublishAsync("held");
        await Eventually.True(() => _rig.Seen.Count == 1, Patience);

        var draining = one.DrainAsync();
        await Eventually.True(() => !one.Takes, Patience);
        await StartAsync("two", Second);
        await _rig.PublishAsync("rest");
        await Eventually.True(() => _rig.Seen.Any(seen => seen is { Who: "two", Text: "rest" }), Patience);
        Assert.False(draining.IsCompleted);

        _release.SetResult();
        await draining.WaitAsync(Patience);
        await one.DisposeAsync();
        Assert.Equal(2, _rig.Seen.Count); // what it held was acknowledged
    }

    [Fact]
    public async Task Promoted_LanesConsumer_IsBasesAndFinishesWhatIsLeftOfTheLane()
    {
        _rig.Lanes.Declare("blue", "stock");
        string? lane = "blue";
        var host = new LaneConsumerHost(of => _rig.Make($"stock@{of}", "stock", of), () => lane, TimeProvider.System);
        await host.StartAsync(CancellationToken.None);
        await Eventually.True(() => host.Consumer!.Takes, Patience);
        await _rig.PublishAsync("as a lane", "blue");
        await Eventually.True(() => _rig.Seen.Any(seen => seen is { Who: "stock@blue" }), Patience);

        await _rig.PublishAsync("to base"); // nobody is base yet, and no group of base keeps it
        await host.Consumer!.DrainAsync();
        await _rig.PublishAsync("left of the lane", "blue");
        lane = null;
        _rig.Lanes.Remove("blue");

        await Eventually.True(() => _rig.Seen.Any(seen => seen is { Who: "stock@", Text: "left of the lane" }), Patience);
        await _rig.PublishAsync("as base", "blue");
        await Eventually.True(() => _rig.Seen.Any(seen => seen is { Who: "stock@", Text: "as base" }), Patience);
        await host.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Shutdown_OfAService_StaysRegisteredAsDrainingUntilItsMessageIsDone()
    {
        using var registry = new MemoryRegistry();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var topic = RabbitFixture.NewTopic();
        await using var app = await ServiceAsync(registry, topic, async () =>
        {
            begun.TrySetResult();
            await _release.Task;
        });
        var publisher = app.Services.GetRequiredService<LanePublisher>();
        await Eventually.TrueAsync(async () => await RecordAsync(registry) is not null && publisher.IsUp && await HasConsumerAsync(topic), Patience);
        await publisher.PublishAsync(topic, "held"u8.ToArray());
        await begun.Task.WaitAsync(Patience);

        var stopping = app.StopAsync();
        await Eventually.TrueAsync(async () => (await RecordAsync(registry))!.Draining, Patience);
        var host = app.Services.GetServices<IDrain>().OfType<LaneConsumerHost>().Single();
        await Eventually.True(() => !host.Consumer!.Takes, Patience);
        Assert.NotNull(await RecordAsync(registry)); // its message is not done

        _release.SetResult();
        await stopping.WaitAsync(Patience);
        Assert.Null(await RecordAsync(registry));
        Assert.Equal(0u, await _rig.WaitingAsync(new Group(topic, "stock", null).Queue));
    }

    private string Queue => _rig.Group("stock").Queue;

    private async Task<LaneConsumer> StartAsync(string who, string address)
    {
        var consumer = _rig.Make(who, "stock", null, options => options with { Address = () => address, Concurrency = 1 });
        await LaneRig.RunAsync(consumer);
        return consumer;
    }

    private static async Task<WebApplication> ServiceAsync(IRegistry registry, string topic, Func<Task> handle, string uri)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Fairway:RabbitMq:Uri"] = uri });
        builder.Services.AddSingleton(registry);
        builder.AddFairway(options =>
        {
            options.Service = "stock";
            options.Id = "stock-1";
            options.DrainSeconds = 0;
            options.DrainRequestsSeconds = 60;
        });
        builder.Services.AddLaneConsumer(topic, (_, _, _) => handle());
        var app = builder.Build();
        await app.StartAsync();
        return app;
    }

    private Task<WebApplication> ServiceAsync(IRegistry registry, string topic, Func<Task> handle) =>
        ServiceAsync(registry, topic, handle, rabbit.Server.Uri);

    private static async Task<InstanceRecord?> RecordAsync(MemoryRegistry registry) =>
        await registry.GetAsync(RegistryKeys.Instance("stock", "stock-1")) is { } entry && InstanceCodec.TryDecode("stock", "stock-1", entry.Value.Span, out var record)
            ? record
            : null;

    private async Task<bool> HasConsumerAsync(string topic)
    {
        await using var connection = await _rig.ConnectAsync();
        return (await connection.DepthAsync(new Group(topic, "stock", null).Queue, CancellationToken.None))?.Consumers > 0;
    }
}
