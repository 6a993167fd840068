using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Core.Scoring;
using Fairway.Core.Time;
using Fairway.Testing;

namespace Fairway.Core.Tests.Directory;

/// <summary>A service model on a clock that stands still, and shorthand for what goes into it.</summary>
internal sealed class ServiceBench
{
    private readonly ManualClock _clock = new();
    private readonly HashSet<string> _ids = [];

    public ServiceModel Model { get; } = new("orders");

    public Moment Now => Moment.Now(_clock);

    public static InstanceRecord Record(string id) => new()
    {
        Service = "orders", Id = id, Address = $"{id}.test:80", Probe = Probes.Orca,
    };

    public static LoadSample Load(double latencyMs) => new(0.2, 0.5, 2, latencyMs, 100, 0);

    public static InstanceStatus Down(string id) => new() { Id = id, Life = Life.Down };

    public static InstanceStatus Yielded(string id) => new() { Id = id, Life = Life.Yielded };

    public static InstanceStatus Up(string id) => new() { Id = id, Life = Life.Up };

    public static ServicePolicy Policy(string mode, params (string Id, double Weight)[] weights) => new()
    {
        Mode = mode, Weights = weights.ToImmutableSortedDictionary(entry => entry.Id, entry => entry.Weight, StringComparer.Ordinal),
    };

    public void Advance(double seconds) => _clock.Advance(TimeSpan.FromSeconds(seconds));

    public void Register(params string[] ids)
    {
        foreach (var id in ids)
        {
            Register(Record(id));
        }
    }

    public void Register(InstanceRecord record)
    {
        _ids.Add(record.Id);
        Model.UpsertInstance(record, Now);
    }

    public void Say(string exporter, params InstanceStatus[] items) => SayIn(exporter, "0", items);

    public void SayIn(string exporter, string chunk, params InstanceStatus[] items) =>
        Model.ApplyStatus(exporter, chunk, new StatusBatch([.. items]), Now);

    public void Report(string id, LoadSample sample) =>
        SayIn("ex", id, new InstanceStatus { Id = id, Life = Life.Up, Sample = sample, ReportInterval = TimeSpan.FromSeconds(1) });

    public void ReportAll(LoadSample sample)
    {
        foreach (var id in _ids)
        {
            Report(id, sample);
        }
    }

    public ServiceSnapshot Snapshot() => Model.Snapshot(Now);

    public InstanceView View(string id) => Snapshot().Instances.Single(view => view.Id == id);

    /// <summary>States by id: <c>a=Ready b=Down</c>.</summary>
    public string States() =>
        string.Join(' ', Snapshot().Instances.OrderBy(view => view.Id, StringComparer.Ordinal).Select(view => $"{view.Id}={view.State}"));
}
