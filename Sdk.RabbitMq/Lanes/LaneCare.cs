using System.Collections.Concurrent;
using Fairway.Core.Lanes;
using RabbitMQ.Client;

namespace Fairway.Sdk.RabbitMq.Lanes;

/// <summary>What base needs to look after the groups of its service's lanes.</summary>
/// <param name="Declare">Makes a lane's group.</param>
/// <param name="See">How many consume a group; null where it does not exist.</param>
/// <param name="StandIn">Makes a consumer of a lane's group.</param>
internal sealed record LaneCareActions(
    Func<IConnection, Group, CancellationToken, Task> Declare, Func<IConnection, Group, CancellationToken, Task<long?>> See,
    Func<Group, BrokerConsumer> StandIn);

/// <summary>
/// Base's care for the groups of its service's lanes: it makes them as soon as they are declared, and takes over what
/// <see cref="StandIns"/> says. One call at a time.
/// </summary>
internal sealed class LaneCare(Group own, ILaneViews views, TimeSpan standInAfter, LaneCareActions actions, BrokerContext context) : IAsyncDisposable
{
    /// <summary>How long what is in hand of a group may take to end when base leaves it to its lane.</summary>
    private static readonly TimeSpan StandBackLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan InHandCheckedEvery = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<string, BrokerConsumer> _standIns = new(StringComparer.Ordinal);
    private readonly HashSet<string> _everDeclared = new(StringComparer.Ordinal);
    private readonly StandIns _rule = new(standInAfter, context.Time);

    /// <summary>Lanes whose messages this process takes in their stead.</summary>
    public IReadOnlyCollection<string> StandsInFor => [.. _standIns.Keys];

    /// <summary>Looks at all lanes that declare the service or ever did.</summary>
    public async Task LookAsync(IConnection connection, CancellationToken cancellationToken)
    {
        var view = views.Current;
        var declared = view.LanesOf(own.Service).ToDictionary(entry => entry.Lane, entry => entry.OnConsumerDown, StringComparer.Ordinal);
        foreach (var lane in declared.Keys)
        {
            if (!_everDeclared.Contains(lane))
            {
                await actions.Declare(connection, Of(lane), cancellationToken);
                _everDeclared.Add(lane);
            }

            await views.RememberAsync(Of(lane), cancellationToken);
        }

        _everDeclared.UnionWith(views.LanesWithGroups(own.Topic, own.Service));

        var states = new Dictionary<string, LaneGroupState>(StringComparer.Ordinal);
        foreach (var lane in _everDeclared)
        {
            var isDeclared = declared.TryGetValue(lane, out var policy);
            if (await actions.See(connection, Of(lane), cancellationToken) is not { } consumers)
            {
                continue; // an operator deleted it
            }

            var others = consumers - (_standIns.TryGetValue(lane, out var standIn) && standIn.Takes ? 1 : 0);
            states[lane] = new LaneGroupState(isDeclared, policy ?? MessageStamp.Park, view.LiveLanes.Contains(lane) || others > 0);
        }

        _rule.Update(states, view.IsStale);
        foreach (var lane in _rule.Lanes.Where(lane => !_standIns.ContainsKey(lane)))
        {
            context.Logger.StandsIn(own.Service, own.Topic, lane);
            var standIn = _standIns[lane] = actions.StandIn(Of(lane));
            standIn.Start();
        }

        foreach (var lane in _standIns.Keys.Where(lane => !_rule.Lanes.Contains(lane)))
        {
            await StandBackAsync(lane);
        }
    }

    /// <summary>Leaves all lanes to themselves; the next look stands in again.</summary>
    public async Task StandBackAsync()
    {
        foreach (var lane in _standIns.Keys)
        {
            await StandBackAsync(lane);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var standIn in _standIns.Values)
        {
            await standIn.DisposeAsync();
        }
    }

    /// <summary>What is in hand is finished first, as closing the link would hand it out once more.</summary>
    private async Task StandBackAsync(string lane)
    {
        if (!_standIns.TryRemove(lane, out var standIn))
        {
            return;
        }

        context.Logger.StandsBack(own.Service, own.Topic, lane);
        standIn.Pause(true);
        var began = context.Time.GetTimestamp();
        while ((standIn.Takes || standIn.InHand > 0) && context.Time.GetElapsedTime(began) < StandBackLimit)
        {
            await Task.Delay(InHandCheckedEvery, context.Time);
        }

        await standIn.DisposeAsync();
    }

    private Group Of(string lane) => own with { Lane = lane };
}
