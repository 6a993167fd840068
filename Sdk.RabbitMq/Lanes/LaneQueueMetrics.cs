using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Fairway.Sdk.RabbitMq.Lanes;

/// <summary>What goes through groups and what waits in them, on the meter <c>Fairway.RabbitMq.Lanes</c>.</summary>
public sealed class LaneQueueMetrics
{
    private readonly ConcurrentDictionary<Group, GroupFigures> _figures = new();
    private readonly Counter<long> _messages;
    private readonly Histogram<double> _handling;

    public LaneQueueMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Fairway.RabbitMq.Lanes");
        _messages = meter.CreateCounter<long>(
            "fairway_queue_messages_total", "{message}", "Deliveries to a group by what became of them: processed, passed (another group's), deferred (this instance is going offline), retried, dead.");
        _handling = meter.CreateHistogram<double>("fairway_queue_handling_duration_seconds", "s", "Time of a handler.");
        Gauge(meter, "fairway_queue_backlog", figures => figures.Backlog, "Messages that wait in a group.");
        Gauge(meter, "fairway_queue_dead_letters", figures => figures.DeadLetters, "Messages that a group gave up.");
        Gauge(meter, "fairway_queue_consumers", figures => figures.Consumers, "Who consumes a group, those who stand in for it included.");
        Gauge(meter, "fairway_queue_alarm", figures => figures.Alarm == GroupAlarm.None ? 0 : 1, "1 while a group is stuck: too much waits, or it is parked without a consumer.");
    }

    /// <summary>Groups as of the last look; each consumer looks at its own, base at those of its service's lanes too.</summary>
    public IReadOnlyCollection<GroupFigures> Figures => [.. _figures.Values];

    internal void Delivered(Group group, string what) => _messages.Add(
        1, BrokerMetrics.Tag("topic", group.Topic), BrokerMetrics.Tag("service", group.Service), BrokerMetrics.Tag("lane", group.Lane ?? ""), BrokerMetrics.Tag("result", what));

    internal void Handled(Group group, TimeSpan elapsed) =>
        _handling.Record(elapsed.TotalSeconds, BrokerMetrics.Tag("topic", group.Topic), BrokerMetrics.Tag("service", group.Service));

    /// <summary>Returns the alarm that was there before.</summary>
    internal GroupAlarm Seen(GroupFigures figures)
    {
        var before = _figures.TryGetValue(figures.Group, out var known) ? known.Alarm : GroupAlarm.None;
        _figures[figures.Group] = figures;
        return before;
    }

    internal void Gone(Group group) => _figures.TryRemove(group, out _);

    private void Gauge(Meter meter, string name, Func<GroupFigures, long> value, string description) => meter.CreateObservableGauge(
        name,
        () => _figures.Values.Select(figures => new Measurement<long>(
            value(figures), BrokerMetrics.Tag("topic", figures.Group.Topic), BrokerMetrics.Tag("service", figures.Group.Service),
            BrokerMetrics.Tag("lane", figures.Group.Lane ?? ""))),
        "{message}",
        description);
}

/// <summary>Why a group needs somebody to look at it.</summary>
public enum GroupAlarm
{
    None,

    /// <summary>More waits than <see cref="LaneConsumerOptions.AlarmBacklog"/>.</summary>
    Backlog,

    /// <summary>Messages wait and nobody consumes.</summary>
    Parked,
}

/// <summary>A group as of the last look.</summary>
public sealed record GroupFigures(Group Group, long Backlog, long DeadLetters, long Consumers, GroupAlarm Alarm);
