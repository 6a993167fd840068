using System.Collections.Concurrent;
using Fairway.Core.Directory;
using Fairway.Exporter.Fit;
using Fairway.Exporter.Probing;
using Fairway.Exporter.Status;

namespace Fairway.Exporter.Fleet;

/// <summary>An instance that is probed here.</summary>
internal sealed class FleetMember(InstanceRecord record, Prober prober)
{
    private volatile KeyValuePair<string, object?>[] _labels = LabelsOf(record);

    public Prober Prober => prober;

    /// <summary>How metrics name it.</summary>
    public KeyValuePair<string, object?>[] Labels => _labels;

    /// <summary>Takes a record that is probed as before.</summary>
    public void Update(InstanceRecord record) => _labels = LabelsOf(record);

    private static KeyValuePair<string, object?>[] LabelsOf(InstanceRecord record) =>
        [new("service", record.Service), new("instance", record.Id), new("lane", record.Lane), new("zone", record.Zone)];
}

/// <summary>
/// The instances that are probed here, each by a prober of its own. Changed by one task (the watch of the registry), read by scrapes.
/// </summary>
internal sealed class InstanceFleet(
    ProbingContext context, StatusPublisher publisher, ExporterRoll roll, SampleRecorder recorder, ILogger<InstanceFleet> logger) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<InstanceName, FleetMember> _members = new();

    public ICollection<FleetMember> Members => _members.Values;

    /// <summary>Takes a record as it stands in the registry now. One that another exporter owns is yielded to it.</summary>
    public async Task PutAsync(InstanceRecord record)
    {
        var name = new InstanceName(record.Service, record.Id);
        if (!roll.Owns(record.Service, record.Id))
        {
            if (_members.TryRemove(name, out var lost))
            {
                await lost.Prober.DisposeAsync();
                publisher.Board(record.Service).Yield(record.Id);
            }

            return;
        }

        var target = ProbeTarget.Of(record, out var reason);
        if (reason.Length > 0)
        {
            Log.NotProbed(logger, record.Service, record.Id, reason);
        }

        if (_members.TryGetValue(name, out var member) && member.Prober.Target == target)
        {
            member.Update(record); // lane, weight and the like do not touch the probing
            return;
        }

        if (member is not null || target is null)
        {
            await RemoveAsync(name);
        }

        if (target is not null)
        {
            publisher.Board(record.Service).Add(record.Id);
            var prober = new Prober(target, context, new Sink(name, publisher, recorder, logger));
            _members[name] = new FleetMember(record, prober);
        }
    }

    /// <summary>It left the registry: it is probed, and named in batches, no more.</summary>
    public async Task RemoveAsync(InstanceName name)
    {
        if (_members.TryRemove(name, out var member))
        {
            await member.Prober.DisposeAsync();
        }

        publisher.Forget(name.Service, name.Id);
        recorder.Forget(name);
    }

    public async ValueTask DisposeAsync()
    {
        var probers = _members.Values.Select(member => member.Prober.DisposeAsync().AsTask()).ToArray();
        _members.Clear();
        await Task.WhenAll(probers);
    }

    private sealed class Sink(InstanceName name, StatusPublisher publisher, SampleRecorder recorder, ILogger logger) : IProbeSink
    {
        private Life _last;

        public void LifeChanged(Life life, string why)
        {
            Log.LifeChanged(logger, name.Service, name.Id, life, why);
            publisher.Board(name.Service).SetLife(name.Id, life, why);
            if (life == Life.Down || _last == Life.Down)
            {
                publisher.PutNow(name.Service); // a newcomer that lives is usable already; the tick tells of it
            }

            _last = life;
        }

        public void Sampled(SampleNow sample)
        {
            publisher.Board(name.Service).SetSample(name.Id, sample);
            recorder.Sampled(name, sample);
        }
    }
}

/// <summary>Who an instance is.</summary>
internal readonly record struct InstanceName(string Service, string Id);
