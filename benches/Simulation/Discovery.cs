using System.Runtime.InteropServices;
using Fairway.Core.Directory;
using Fairway.Core.Scoring;
using Fairway.Core.Time;

namespace Fairway.Simulation;

/// <summary>
/// The product's own discovery: every machine reports once a second, <see cref="ServiceModel"/> scores and ranks, and what it publishes
/// at most four times a second is what clients take.
/// </summary>
internal sealed class Discovery
{
    public const double ReportMs = 1_000;
    public const double PublishMs = 250;

    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly ServiceModel _model = new("orders");

    /// <summary>Those that may serve, best first, as last published.</summary>
    public InstanceView[] List { get; private set; } = [];

    /// <summary>Grows with each list.</summary>
    public int Version { get; private set; }

    /// <summary>Nothing is published while set.</summary>
    public bool IsFrozen { get; set; }

    public void Register(Machine machine, double now) => _model.UpsertInstance(Record(machine), At(now));

    public void Remove(Machine machine) => _model.RemoveInstance(machine.Id);

    public void MarkDown(Machine machine, double now) =>
        _model.ApplyStatus("exporter", machine.Id, new StatusBatch([new InstanceStatus { Id = machine.Id, Life = Life.Down }]), At(now));

    public void Report(Machine machine, double allocation, double now)
    {
        machine.Advance(now);
        var requests = machine.Completed + machine.Failed;
        var sample = new LoadSample(
            machine.BusyCoreMs / (ReportMs * allocation),
            0.5,
            machine.InFlight,
            requests == 0 ? double.NaN : machine.LatencySum / requests,
            requests * 1000 / ReportMs,
            requests == 0 ? 0 : machine.Failed / (double)requests);
        machine.BusyCoreMs = machine.LatencySum = machine.Completed = machine.Failed = 0;
        _model.ApplyStatus(
            "exporter",
            machine.Id,
            new StatusBatch([new InstanceStatus { Id = machine.Id, Life = Life.Up, Sample = sample, ReportInterval = TimeSpan.FromMilliseconds(ReportMs) }]),
            At(now));
    }

    public void Publish(double now)
    {
        if (IsFrozen)
        {
            return;
        }

        var snapshot = _model.Snapshot(At(now));
        var may = snapshot.Instances.RemoveAll(instance => !snapshot.MayServe(instance));
        List = ImmutableCollectionsMarshal.AsArray(may)!;
        Version++;
    }

    private static InstanceRecord Record(Machine machine) => new()
    {
        Service = "orders", Id = machine.Id, Address = machine.Id, Probe = Probes.Orca, Zone = machine.Zone, Draining = machine.IsDraining,
    };

    private static Moment At(double now)
    {
        var elapsed = TimeSpan.FromTicks((long)(now * TimeSpan.TicksPerMillisecond));
        return new Moment(elapsed, Start + elapsed);
    }
}
