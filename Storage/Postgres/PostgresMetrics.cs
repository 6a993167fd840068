using System.Diagnostics.Metrics;

namespace Fairway.Storage.Postgres;

/// <summary>What the store on PostgreSQL measures, on the meter <c>Fairway.History</c>.</summary>
internal sealed class PostgresMetrics
{
    private readonly Counter<long> _failures;
    private readonly Counter<long> _writes;
    private readonly Counter<long> _batches;
    private readonly Counter<long> _forgotten;
    private readonly Histogram<double> _calls;
    private int _isUp;

    public PostgresMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Fairway.History");
        meter.CreateObservableGauge("fairway_history_up", () => Volatile.Read(ref _isUp), description: "1 when the last call to the database was answered.");
        _failures = meter.CreateCounter<long>("fairway_history_failures_total", "{call}", "Calls that the database did not answer.");
        _writes = meter.CreateCounter<long>("fairway_history_writes_total", "{write}", "Answers and acknowledgements written.");
        _batches = meter.CreateCounter<long>("fairway_history_batches_total", "{transaction}", "Transactions that those writes took.");
        _forgotten = meter.CreateCounter<long>("fairway_history_forgotten_total", "{row}", "Rows removed because their time was over, by table.");
        _calls = meter.CreateHistogram<double>("fairway_history_call_duration_seconds", "s", "Time of a call to the database.");
    }

    public void Answered(TimeSpan elapsed)
    {
        Volatile.Write(ref _isUp, 1);
        _calls.Record(elapsed.TotalSeconds);
    }

    public void Failed()
    {
        Volatile.Write(ref _isUp, 0);
        _failures.Add(1);
    }

    public void Wrote(int writes)
    {
        _writes.Add(writes);
        _batches.Add(1);
    }

    public void Forgot(string table, int rows) => _forgotten.Add(rows, new KeyValuePair<string, object?>("table", table));
}
