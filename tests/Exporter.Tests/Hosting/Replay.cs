using Fairway.Core.Directory;
using Fairway.Core.Time;
using Fairway.Testing;

namespace Fairway.Exporter.Tests.Hosting;

/// <summary>What readers made of all status batches that reached the registry, after each.</summary>
internal static class Replay
{
    /// <summary>The states of an instance from its first statement on, without repetitions.</summary>
    public static IReadOnlyList<InstanceState> StatesOf(this StatusLog log, InstanceRecord record)
    {
        var now = Moment.Now(new ManualClock());
        var model = new ServiceModel(record.Service);
        model.UpsertInstance(record, now);
        var states = new List<InstanceState>();
        foreach (var put in log.Puts.Where(put => put.Key.Service == record.Service))
        {
            if (put.Batch is { } batch)
            {
                model.ApplyStatus(put.Key.Exporter, put.Key.Chunk, batch, now);
            }
            else
            {
                model.DropStatus(put.Key.Exporter, put.Key.Chunk);
            }

            var state = model.Snapshot(now).Instances.Single().State;
            if (state != InstanceState.Unknown && (states.Count == 0 || states[^1] != state))
            {
                states.Add(state);
            }
        }

        return states;
    }
}
