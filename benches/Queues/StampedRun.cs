using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Fairway.Sdk.RabbitMq;
using Fairway.Sdk.RabbitMq.Lanes;
using Fairway.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fairway.Queues;

/// <summary>The Sdk's publisher and consumers: base and some lanes, one of which the messages are for.</summary>
internal sealed class StampedRun : ILaneViews, IAsyncDisposable
{
    private const string Service = "stock";

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly List<LaneConsumer> _consumers = [];
    private readonly Countdown _processed = new();
    private readonly LaneMessageOptions _message = new() { Label = Label.Of("lane-0") };
    private readonly LanePublisher _publisher;
    private readonly string _topic;

    private StampedRun(RabbitMqServer server, int lanes)
    {
        _topic = $"stamped-{lanes}";
        var names = Enumerable.Range(0, lanes).Select(lane => $"lane-{lane}").ToArray();
        Current = new LaneView(
            new DirectoryTables
            {
                Lanes = names.ToImmutableSortedDictionary(lane => lane, lane => new LaneRecord(lane, "bench", default, null)),
                Declarations = names.ToImmutableSortedDictionary(lane => lane, _ => ImmutableArray.Create(new LaneDeclaration(Service, "operator", "park"))),
            },
            "bench-1", [.. names], isStale: false);
        var context = new BrokerContext(
            new BrokerOptions { Uri = server.Uri, ConfirmSeconds = 60 }, ActivatorUtilities.CreateInstance<BrokerMetrics>(_services), TimeProvider.System,
            NullLogger.Instance);
        var metrics = ActivatorUtilities.CreateInstance<LaneQueueMetrics>(_services);
        _publisher = new LanePublisher(context, this);
        foreach (var lane in names.Append(null))
        {
            _consumers.Add(new LaneConsumer(
                new LaneConsumerOptions { Topic = _topic, Service = Service, Lane = lane, Prefetch = Sending.Prefetch, Concurrency = Sending.Concurrency },
                this, context, metrics,
                (LaneMessage _, CancellationToken _) =>
                {
                    _processed.Count();
                    return Task.CompletedTask;
                }));
        }
    }

    public LaneView Current { get; }

    public Task ChangedAsync(CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);

    public IEnumerable<string> LanesWithGroups(string topic, string service) => [];

    public Task<bool> RememberAsync(Group group, CancellationToken cancellationToken) => Task.FromResult(true);

    public static async Task<StampedRun> StartAsync(RabbitMqServer server, int lanes)
    {
        var run = new StampedRun(server, lanes);
        run._publisher.Start();
        run._consumers.ForEach(consumer => consumer.Start());
        await Eventually.True(() => run._publisher.IsUp && run._consumers.All(consumer => consumer.IsUp), TimeSpan.FromMinutes(1));
        return run;
    }

    public Task<double> MeasureAsync(int messages) =>
        Sending.MeasureAsync(messages, body => _publisher.PublishAsync(_topic, body, _message), _processed);

    public async ValueTask DisposeAsync()
    {
        foreach (var consumer in _consumers)
        {
            await consumer.DisposeAsync();
        }

        await _publisher.DisposeAsync();
        await _services.DisposeAsync();
    }
}
