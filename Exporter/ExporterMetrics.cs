using System.Diagnostics.Metrics;
using Fairway.Core.Telemetry;
using Fairway.Exporter.Probing;
using Fairway.Registry;

namespace Fairway.Exporter;

/// <summary>What the exporter counts of its own work; the instances' figures are in <see cref="Fleet.FleetMetrics"/>.</summary>
internal sealed class ExporterMetrics
{
    public const string MeterName = "Fairway.Exporter";

    private readonly Counter<long> _checks;
    private readonly Counter<long> _puts;
    private readonly Counter<long> _putFailures;
    private readonly Counter<long> _putBytes;
    private readonly Counter<long> _compactions;

    public ExporterMetrics(IMeterFactory factory)
    {
        var meter = factory.Create(MeterName);
        _checks = meter.CreateCounter<long>("fairway_probe_checks_total", description: "Health checks by probe and outcome.");
        _puts = meter.CreateCounter<long>("fairway_status_puts_total", description: "Status batches put into the registry.");
        _putFailures = meter.CreateCounter<long>("fairway_status_put_failures_total", description: "Status writes that failed, to be merged into the next.");
        _putBytes = meter.CreateCounter<long>("fairway_status_put_bytes_total", description: "Bytes of the status batches put.");
        _compactions = meter.CreateCounter<long>("fairway_registry_compactions_total", description: "Compactions of the registry's history that this exporter made.");
        ProcessMetrics.AddTo(meter);
    }

    public void Checked(string probe, CheckOutcome outcome) =>
        _checks.Add(1, new("probe", probe), new KeyValuePair<string, object?>("outcome", Text(outcome)));

    public void Put(int bytes)
    {
        _puts.Add(1);
        _putBytes.Add(bytes);
    }

    public void PutFailed(RegistryError error) =>
        _putFailures.Add(1, new KeyValuePair<string, object?>("error", error.ToString()));

    public void Compacted() => _compactions.Add(1);

    private static string Text(CheckOutcome outcome) => outcome switch
    {
        CheckOutcome.Alive => "alive",
        CheckOutcome.NotServing => "not_serving",
        CheckOutcome.Refused => "refused",
        _ => "failed",
    };
}
