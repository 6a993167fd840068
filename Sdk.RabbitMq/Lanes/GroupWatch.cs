using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Fairway.Sdk.RabbitMq.Lanes;

/// <summary>Looks at groups on the broker, and raises and ends their alarms.</summary>
/// <param name="alarmBacklog">Messages waiting in a group that raise its alarm.</param>
internal sealed class GroupWatch(long alarmBacklog, LaneQueueMetrics metrics, ILogger logger)
{
    /// <summary>Null where the group does not exist.</summary>
    public async Task<GroupFigures?> SeeAsync(IConnection connection, Group group, CancellationToken cancellationToken)
    {
        if (await connection.DepthAsync(group.Queue, cancellationToken) is not { } depth)
        {
            metrics.Gone(group);
            return null;
        }

        var dead = await connection.DepthAsync(group.DeadLetters, cancellationToken);
        var alarm = depth.Waiting > 0 && depth.Consumers == 0 ? GroupAlarm.Parked
            : depth.Waiting > alarmBacklog ? GroupAlarm.Backlog : GroupAlarm.None;
        var figures = new GroupFigures(group, depth.Waiting, dead?.Waiting ?? 0, depth.Consumers, alarm);
        if (metrics.Seen(figures) != alarm)
        {
            logger.Alarm(group.Queue, alarm, depth.Waiting, depth.Consumers);
        }

        return figures;
    }

    /// <summary>How many consume a group that is looked at; null where it does not exist.</summary>
    public async Task<long?> ConsumersAsync(IConnection connection, Group group, CancellationToken cancellationToken) =>
        (await SeeAsync(connection, group, cancellationToken))?.Consumers;
}
