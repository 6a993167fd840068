using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Fairway.Sdk.Lanes;
using Fairway.Sdk.RabbitMq.Lanes;
using Fairway.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;

namespace Fairway.Sdk.RabbitMq.Tests;

/// <summary>One RabbitMQ and one PostgreSQL for all tests; each has a topic and a table of its own.</summary>
public sealed class RabbitFixture : IAsyncLifetime
{
    private static int _topics;

    public RabbitMqServer Server { get; private set; } = null!;

    public static string NewTopic() => $"topic_{Interlocked.Increment(ref _topics)}.v1";

    public PostgresServer Postgres { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var postgres = PostgresServer.StartAsync();
        Server = await RabbitMqServer.StartAsync();
        Postgres = await postgres;
    }

    public async Task DisposeAsync()
    {
        if (Postgres is not null)
        {
            await Postgres.DisposeAsync();
        }

        if (Server is not null)
        {
            await Server.DisposeAsync();
        }
    }
}

[CollectionDefinition(Name)]
public sealed class RabbitCollection : ICollectionFixture<RabbitFixture>
{
    public const string Name = "RabbitMQ";
}

/// <summary>Lanes that a test sets.</summary>
internal sealed class SetLanes : ILaneViews
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Lane, string Service), string> _declared = [];
    private readonly HashSet<string> _live = [];
    private readonly HashSet<Group> _groups = [];
    private readonly HashSet<string> _offline = [];
    private TaskCompletionSource _changed = new();
    private int _version;
    private bool _isStale;

    /// <param name="isRead">Else nothing is known until the first change.</param>
    public SetLanes(bool isRead = true)
    {
        if (isRead)
        {
            Show();
        }
    }

    public LaneView Current { get; private set; } = LaneView.Empty;

    public Task ChangedAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return _changed.Task.WaitAsync(cancellationToken);
        }
    }

    public IEnumerable<string> LanesWithGroups(string topic, string service)
    {
        lock (_gate)
        {
            return [.. _groups.Where(group => group.Topic == topic && group.Service == service).Select(group => group.Lane!)];
        }
    }

    public Task<bool> RememberAsync(Group group, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _ = group.Lane is not null && _groups.Add(group);
            return Task.FromResult(true);
        }
    }

    public void Declare(string lane, string service, string onConsumerDown = "park") => Change(() => _declared[(lane, service)] = onConsumerDown);

    public void Remove(string lane) => Change(() =>
    {
        foreach (var key in _declared.Keys.Where(key => key.Lane == lane).ToList())
        {
            _declared.Remove(key);
        }
    });

    public void SetLive(string lane, bool isLive) => Change(() => _ = isLive ? _live.Add(lane) : _live.Remove(lane));

    public void SetOffline(string address, bool isOffline) => Change(() => _ = isOffline ? _offline.Add(address) : _offline.Remove(address));

    public void SetStale(bool isStale) => Change(() => _isStale = isStale);

    private void Change(Action change)
    {
        lock (_gate)
        {
            change();
            Show();
        }
    }

    private void Show()
    {
        var tables = new DirectoryTables
        {
            Lanes = _declared.Keys.Select(key => key.Lane).Distinct()
                .ToImmutableSortedDictionary(lane => lane, lane => new LaneRecord(lane, "test", default, null)),
            Declarations = _declared.GroupBy(entry => entry.Key.Lane).ToImmutableSortedDictionary(
                group => group.Key, group => group.Select(entry => new LaneDeclaration(entry.Key.Service, "operator", entry.Value)).ToImmutableArray()),
        };
        Current = new LaneView(tables, $"t-{++_version}", [.. _live], _isStale, [.. _offline]);
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }
}

/// <summary>What a handler saw.</summary>
internal sealed record Seen(string Who, string Text, string Id, int Attempt, Label Label, Label Current);

/// <summary>A topic, its lanes, and those who publish and consume.</summary>
internal sealed class LaneRig : IAsyncDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly RabbitMqServer _server;
    private readonly BrokerContext _context;
    private readonly List<LaneConsumer> _consumers = [];

    /// <param name="lanes">Default: lanes that are read and empty.</param>
    /// <param name="registered">What the publisher's process is registered for.</param>
    public LaneRig(RabbitFixture rabbit, string? uri = null, SetLanes? lanes = null, Func<(string Lane, string Service)?>? registered = null, double confirmSeconds = 5)
    {
        Lanes = lanes ?? new SetLanes();
        _server = rabbit.Server;
        _context = new BrokerContext(
            new BrokerOptions { Uri = uri ?? _server.Uri, ConfirmSeconds = confirmSeconds }, ActivatorUtilities.CreateInstance<BrokerMetrics>(_services), TimeProvider.System, NullLogger.Instance);
        Metrics = ActivatorUtilities.CreateInstance<LaneQueueMetrics>(_services);
        Publisher = new LanePublisher(_context, Lanes, registered: registered);
    }

    public string Topic { get; } = RabbitFixture.NewTopic();

    public SetLanes Lanes { get; }

    public LanePublisher Publisher { get; }

    public LaneQueueMetrics Metrics { get; }

    public ConcurrentQueue<Seen> Seen { get; } = new();

    /// <summary>Called by each handler after it has noted what it saw.</summary>
    public Func<Seen, Task> Then { get; set; } = _ => Task.CompletedTask;

    public async Task StartPublisherAsync()
    {
        Publisher.Start();
        await Eventually.True(() => Publisher.IsUp, TimeSpan.FromSeconds(30));
    }

    /// <summary>Starts a consumer and waits until it consumes.</summary>
    public async Task<LaneConsumer> ConsumeAsync(string service, string? lane = null, Func<LaneConsumerOptions, LaneConsumerOptions>? configure = null, string? uri = null)
    {
        var context = uri is null ? _context : _context with { Options = new BrokerOptions { Uri = uri } };
        var who = lane is null ? service : $"{service}@{lane}";
        var consumer = new LaneConsumer(Options(service, lane, configure), Lanes, context, Metrics, async (message, _) =>
        {
            var seen = new Seen(who, Encoding.UTF8.GetString(message.Body.Span), message.Id, message.Attempt, message.Label, LaneContext.Current);
            Seen.Enqueue(seen);
            await Then(seen);
        });
        return await StartAsync(consumer);
    }

    public Task<LaneConsumer> ConsumeBatchesAsync(
        string service, Func<IReadOnlyList<LaneMessage>, CancellationToken, Task> handle, Func<LaneConsumerOptions, LaneConsumerOptions>? configure = null) =>
        StartAsync(new LaneConsumer(Options(service, null, configure), Lanes, _context, Metrics, handle));

    public Task<string> PublishAsync(string text, string? lane = null, bool stress = false) => PublishAsync(text, Label.Of(lane, stress));

    public Task<string> PublishAsync(string text, Label label) =>
        Publisher.PublishAsync(Topic, Encoding.UTF8.GetBytes(text), new LaneMessageOptions { Label = label });

    /// <summary>A consumer that is not started, whose name in <see cref="Seen"/> is its own.</summary>
    public LaneConsumer Make(string who, string service, string? lane, Func<LaneConsumerOptions, LaneConsumerOptions>? configure = null)
    {
        var consumer = new LaneConsumer(Options(service, lane, configure), Lanes, _context, Metrics, async (message, _) =>
        {
            var seen = new Seen(who, Encoding.UTF8.GetString(message.Body.Span), message.Id, message.Attempt, message.Label, LaneContext.Current);
            Seen.Enqueue(seen);
            await Then(seen);
        });
        _consumers.Add(consumer);
        return consumer;
    }

    /// <summary>Starts what <see cref="Make"/> made and waits until it consumes.</summary>
    public static async Task RunAsync(LaneConsumer consumer)
    {
        consumer.Start();
        await Eventually.True(() => consumer.IsUp && consumer.Takes, TimeSpan.FromSeconds(30));
    }

    public Group Group(string service, string? lane = null) => new(Topic, service, lane);

    public async Task<uint> WaitingAsync(string queue)
    {
        await using var connection = await ConnectAsync();
        return (await connection.DepthAsync(queue, CancellationToken.None))?.Waiting ?? 0;
    }

    public Task<IConnection> ConnectAsync() => new ConnectionFactory { Uri = new Uri(_server.Uri) }.CreateConnectionAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var consumer in _consumers)
        {
            await consumer.DisposeAsync();
        }

        await Publisher.DisposeAsync();
        await _services.DisposeAsync();
    }

    private async Task<LaneConsumer> StartAsync(LaneConsumer consumer)
    {
        _consumers.Add(consumer);
        consumer.Start();
        await Eventually.True(() => consumer.IsUp, TimeSpan.FromSeconds(30));
        return consumer;
    }

    private LaneConsumerOptions Options(string service, string? lane, Func<LaneConsumerOptions, LaneConsumerOptions>? configure)
    {
        var options = new LaneConsumerOptions
        {
            Topic = Topic,
            Service = service,
            Lane = lane,
            RetryDelays = [TimeSpan.FromMilliseconds(50)],
            LookEvery = TimeSpan.FromMilliseconds(100),
            StandInAfter = TimeSpan.FromMilliseconds(300),
        };
        return configure?.Invoke(options) ?? options;
    }
}
