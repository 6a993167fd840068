using System.Collections.Concurrent;
using Fairway.Core.Lanes;
using Fairway.Sdk.RabbitMq.Lanes;

namespace Fairway.Gateway.Jobs.RabbitMq;

/// <summary>
/// The groups that jobs wait in. There is one consuming service, so a job goes straight to the one group that is to process it rather
/// than to all: base's for no label or where the lane does not declare the service, else the lane's.
/// </summary>
internal sealed class JobGroups
{
    private readonly RabbitJobOptions _options;
    private readonly ILaneViews _views;
    private readonly ConcurrentDictionary<Group, QueueDepth> _depths = new();

    public JobGroups(RabbitJobOptions options, ILaneViews views)
    {
        (_options, _views) = (options, views);
        Base = new Group(options.Queue, options.Service, null);
        Own = Base with { Lane = options.Lanes && options.Lane is { Length: > 0 } lane ? lane : null };
        DepthOf(Own);
    }

    public Group Base { get; }

    /// <summary>The group that this process consumes.</summary>
    public Group Own { get; }

    /// <summary>Whether this process looks after the groups of lanes.</summary>
    public bool LooksAfterLanes => _options.Lanes && Own.Lane is null;

    /// <summary>Groups that this process consumes, looks after or put jobs into, and how many wait there.</summary>
    public IEnumerable<KeyValuePair<Group, QueueDepth>> Known => _depths;

    public int Waiting => _depths.Values.Sum(depth => depth.Waiting);

    public QueueDepth DepthOf(Group group) => _depths.GetOrAdd(group, _ => new QueueDepth());

    public void Forget(Group group) => _depths.TryRemove(group, out _);

    /// <summary>Whether it can be told where a job with this label goes: not before the lanes were read for the first time.</summary>
    /// <param name="label">The lane of its label; null for none.</param>
    public async ValueTask<bool> CanTellAsync(string? label, TimeProvider time)
    {
        if (label is null || !_options.Lanes || !_views.Current.IsUnread)
        {
            return true;
        }

        var view = await _views.OnceAsync(static view => !view.IsUnread, TimeSpan.FromSeconds(_options.ConfirmSeconds), time);
        return !view.IsUnread;
    }

    /// <summary>Where a job with this label goes now, and the stamp that says by which lane table.</summary>
    /// <param name="label">The lane of its label; null for none.</param>
    public (Group Group, TopicStamp Stamp) Of(string? label)
    {
        var stamp = TopicStamp.Of(_options.Queue, _options.Lanes ? label : null, [_options.Service], _views.Current.Table);
        return (Base with { Lane = stamp.Lane }, stamp);
    }
}
