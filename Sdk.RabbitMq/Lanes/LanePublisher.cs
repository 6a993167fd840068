using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text;
using Fairway.Core.Lanes;
using Fairway.Sdk.Lanes;
using RabbitMQ.Client;

namespace Fairway.Sdk.RabbitMq.Lanes;

/// <summary>What a message has besides its body.</summary>
public sealed record LaneMessageOptions
{
    /// <summary>Default: a new one.</summary>
    public string? Id { get; init; }

    public string? ContentType { get; init; }

    /// <summary>The label it carries. Default: the current one.</summary>
    public Label? Label { get; init; }

    /// <summary>Further headers; those of labels and stamps are not theirs to set.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = ImmutableDictionary<string, string>.Empty;
}

/// <summary>Publishes to topics with publisher confirms, stamped with the groups that are to process each message.</summary>
public sealed class LanePublisher : IAsyncDisposable
{
    private readonly BrokerContext _context;
    private readonly ILaneViews _views;
    private readonly ConfirmedPublisher _publisher;
    private readonly Func<(string Lane, string Service)?> _registered;
    private readonly ConcurrentDictionary<(IConnection Connection, string Topic, string? Lane, string Table), Task> _declared = new();
    private readonly ConcurrentDictionary<(string Topic, string Lane, string Table), (TopicStamp Stamp, byte[] Text)> _stamps = new();
    private volatile bool _ownIsSeen;

    /// <param name="name">Of its link to the broker, in logs and metrics.</param>
    /// <param name="registered">The lane and the service that this process is registered for or about to be; null where it is base's.</param>
    public LanePublisher(BrokerContext context, ILaneViews views, string name = "topics.publish", Func<(string Lane, string Service)?>? registered = null)
    {
        (_context, _views, _registered) = (context, views, registered ?? (static () => null));
        _publisher = new ConfirmedPublisher(context, name, (_, _) => Task.CompletedTask);
    }

    /// <summary>Whether a message can be sent now.</summary>
    public bool IsUp => _publisher.IsUp;

    /// <summary>Begins to connect; returns at once.</summary>
    public void Start() => _publisher.Start();

    /// <summary>Publishes; every group has the message on its disk when this returns.</summary>
    /// <returns>The message's id.</returns>
    /// <exception cref="BrokerAwayException">
    /// Not known to have arrived, or its label is one that nobody can tell the groups of, as the registry was never read; to publish it
    /// again under the same id is right.
    /// </exception>
    /// <exception cref="BrokerRefusedException">A group's queue refuses it.</exception>
    public async Task<string> PublishAsync(
        string topic, ReadOnlyMemory<byte> body, LaneMessageOptions? options = null, CancellationToken cancellationToken = default)
    {
        Group.CheckTopic(topic);
        var label = options?.Label ?? LaneContext.Current;
        var view = await ViewAsync(label.Lane, cancellationToken);
        if (_publisher.Connection is not { } connection)
        {
            throw new BrokerAwayException(mayHaveArrived: false);
        }

        // Reading the table before the groups are seen to makes a declaration that comes in between the next message's.
        await EnsureAsync(connection, topic, label.Lane, view);
        var id = options?.Id ?? Guid.CreateVersion7().ToString();
        await _publisher.PublishAsync(topic, "", Properties(topic, label, view, id, options), body, mandatory: false, cancellationToken);
        return id;
    }

    public ValueTask DisposeAsync() => _publisher.DisposeAsync();

    /// <summary>
    /// A view that can tell a lane's groups. It is waited for where the registry was not read yet, and where what this process itself
    /// declared by its registration did not come back to it yet: others already route by that.
    /// </summary>
    private ValueTask<LaneView> ViewAsync(string? lane, CancellationToken cancellationToken)
    {
        var view = _views.Current;
        return lane is null || IsEnough(view, lane) ? ValueTask.FromResult(view) : new ValueTask<LaneView>(WaitAsync(lane, cancellationToken));
    }

    private async Task<LaneView> WaitAsync(string lane, CancellationToken cancellationToken)
    {
        var view = await _views.OnceAsync(
            known => IsEnough(known, lane), TimeSpan.FromSeconds(_context.Options.ConfirmSeconds), _context.Time, cancellationToken);
        if (view.IsUnread)
        {
            throw new BrokerAwayException(mayHaveArrived: false);
        }

        _ownIsSeen |= _registered()?.Lane == lane; // waited for in vain: an operator took it back
        return view;
    }

    private bool IsEnough(LaneView view, string lane)
    {
        if (view.IsUnread)
        {
            return false;
        }

        if (_ownIsSeen || _registered() is not { } own || own.Lane != lane)
        {
            return true;
        }

        return _ownIsSeen = view.Table.TryGetDeclaration(lane, own.Service, out _);
    }

    private BasicProperties Properties(string topic, Label label, LaneView view, string id, LaneMessageOptions? options)
    {
        var properties = new BasicProperties { Persistent = true, MessageId = id, ContentType = options?.ContentType };
        if (options is { Headers.Count: > 0 })
        {
            properties.Headers = options.Headers.ToDictionary(header => header.Key, object? (header) => header.Value);
        }

        if (!label.IsEmpty)
        {
            properties.Headers ??= new Dictionary<string, object?>();
            LaneMessage.WriteLabel(label, properties.Headers);
            if (label.Lane is { } lane)
            {
                properties.Headers[MessageHeaders.Stamp] = Stamp(topic, lane, view).Text;
            }
        }

        return properties;
    }

    private (TopicStamp Stamp, byte[] Text) Stamp(string topic, string lane, LaneView view)
    {
        var key = (topic, lane, view.Table.Version);
        if (!_stamps.TryGetValue(key, out var stamp))
        {
            if (_stamps.Count > 1000)
            {
                _stamps.Clear(); // tables long gone
            }

            var decided = TopicStamp.Of(topic, lane, view.DeclaredIn(lane), view.Table);
            stamp = _stamps[key] = (decided, Encoding.UTF8.GetBytes(decided.Write()));
        }

        return stamp;
    }

    private async Task EnsureAsync(IConnection connection, string topic, string? lane, LaneView view)
    {
        // Unlabelled messages need the topic alone, whatever the table.
        var key = (Connection: connection, Topic: topic, Lane: lane, Table: lane is null ? "" : view.Table.Version);
        if (_declared.TryGetValue(key, out var known) && known.IsCompletedSuccessfully)
        {
            return;
        }

        var declaring = _declared.GetOrAdd(key, missing => DeclareAsync(missing.Connection, missing.Topic, missing.Lane, view));
        try
        {
            await declaring;
        }
        catch (Exception failure)
        {
            _declared.TryRemove(key, out _);
            throw new BrokerAwayException(mayHaveArrived: false, failure);
        }

        foreach (var old in _declared.Keys.Where(old => old.Connection != connection || (old.Lane is not null && old.Table != view.Table.Version)))
        {
            _declared.TryRemove(old, out _);
        }
    }

    /// <summary>
    /// A lane that declares a service gets that service's group before the first message that is stamped for it, whether anybody of it
    /// ever ran; but only where the service consumes this topic, which its base group tells.
    /// </summary>
    private async Task DeclareAsync(IConnection connection, string topic, string? lane, LaneView view)
    {
        await connection.DeclareTopicAsync(topic, CancellationToken.None);
        if (lane is null)
        {
            return;
        }

        foreach (var service in Stamp(topic, lane, view).Stamp.Services)
        {
            if (await connection.DepthAsync(new Group(topic, service, null).Queue, CancellationToken.None) is not null)
            {
                var group = new Group(topic, service, lane);
                await connection.DeclareGroupAsync(group, _context.Logger, CancellationToken.None);
                await _views.RememberAsync(group, CancellationToken.None); // where that fails, base remembers it when it sees the lane
            }
        }
    }
}
