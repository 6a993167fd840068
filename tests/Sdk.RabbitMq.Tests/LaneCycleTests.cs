using System.Globalization;
using Fairway.Sdk.RabbitMq.Lanes;
using Fairway.Testing;

namespace Fairway.Sdk.RabbitMq.Tests;

[Collection(RabbitCollection.Name)]
public sealed class LaneCycleTests(RabbitFixture rabbit)
{
    private const int Prefetch = 16;
    private static readonly bool Soak = Environment.GetEnvironmentVariable("FAIRWAY_SOAK") is { Length: > 0 };

    /// <summary>Numbered messages of base and three lanes, while consumers of the lanes start, stop, are cut off, and lanes are removed and declared again.</summary>
    [Fact]
    public async Task Consumers_ComeAndGoUnderLoad_NothingIsLostOrInAWrongLaneAndOnlyUnacknowledgedPrefetchRepeats()
    {
        var cycles = Soak ? 200 : 8;
        var messages = Soak ? 100_000 : 3_000;
        string[] lanes = ["red", "green", "blue"];
        await using var rig = new LaneRig(rabbit);
        await rig.StartPublisherAsync();
        foreach (var lane in lanes)
        {
            rig.Lanes.Declare(lane, "stock", lane == "blue" ? "base" : "park");
        }

        LaneConsumerOptions Configure(LaneConsumerOptions options) => options with { Prefetch = Prefetch, Concurrency = 4 };
        await rig.ConsumeAsync("stock", configure: Configure);
        var random = new Random(20261128);
        var allowedRepeats = 0;
        var publishing = Task.Run(async () =>
        {
            for (var number = 0; number < messages; number++)
            {
                var lane = (number % 4) is > 0 and var index ? lanes[index - 1] : null;
                await rig.PublishAsync(number.ToString(CultureInfo.InvariantCulture), lane);
            }
        });

        for (var cycle = 0; cycle < cycles; cycle++)
        {
            var lane = lanes[random.Next(lanes.Length)];
            await using var proxy = new TcpProxy(rabbit.Server.Port);
            await using var cut = new LaneRigConsumer(rig, proxy, lane, Configure);
            await cut.StartAsync();
            rig.Lanes.SetLive(lane, true);
            await Task.Delay(random.Next(20, 200));
            switch (random.Next(3))
            {
                case 0:
                    proxy.Cut(); // killed: it can acknowledge no more
                    allowedRepeats += Prefetch;
                    break;
                case 1:
                    rig.Lanes.Remove(lane);
                    await Task.Delay(random.Next(20, 100));
                    rig.Lanes.Declare(lane, "stock", lane == "blue" ? "base" : "park");
                    break;
            }

            rig.Lanes.SetLive(lane, false);
        }

        await publishing;
        foreach (var lane in lanes)
        {
            await rig.ConsumeAsync("stock", lane, Configure);
            rig.Lanes.SetLive(lane, true);
        }

        await Eventually.True(() => rig.Seen.Select(seen => seen.Text).Distinct().Count() == messages, TimeSpan.FromMinutes(Soak ? 30 : 2));
        var repeats = rig.Seen.Count - messages;
        Assert.InRange(repeats, 0, allowedRepeats);
        foreach (var seen in rig.Seen)
        {
            var number = int.Parse(seen.Text, CultureInfo.InvariantCulture);
            var lane = (number % 4) is > 0 and var index ? lanes[index - 1] : null;
            Assert.Equal(lane, seen.Current.Lane); // the label stays
            Assert.True(seen.Who == "stock" || seen.Who == $"stock@{lane}", $"{seen.Who} had {seen.Text} of {lane ?? "base"}");
        }

        Assert.All(rig.Seen.Where(seen => seen.Label.Lane is null), seen => Assert.Equal("stock", seen.Who));
    }

    /// <summary>A lane's consumer behind a proxy of its own, so that it can be cut off alone.</summary>
    private sealed class LaneRigConsumer(LaneRig rig, TcpProxy proxy, string lane, Func<LaneConsumerOptions, LaneConsumerOptions> configure) : IAsyncDisposable
    {
        private LaneConsumer? _consumer;

        public async Task StartAsync() => _consumer = await rig.ConsumeAsync("stock", lane, configure, $"amqp://guest:guest@127.0.0.1:{proxy.Port}/");

        public async ValueTask DisposeAsync()
        {
            if (_consumer is not null)
            {
                await _consumer.DisposeAsync();
            }
        }
    }
}
