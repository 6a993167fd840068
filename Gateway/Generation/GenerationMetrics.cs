using System.Diagnostics.Metrics;
using Fairway.Gateway.Jobs;

namespace Fairway.Gateway.Generation;

/// <summary>What the worker counts, under the meter <see cref="MeterName"/>.</summary>
internal sealed class GenerationMetrics : IDisposable
{
    public const string MeterName = "Fairway.Generation";

    private readonly Meter _meter;
    private readonly Counter<long> _calls;
    private readonly Counter<long> _appends;
    private readonly Counter<long> _abandoned;
    private long _running;

    public GenerationMetrics(IMeterFactory meters, IJobQueue queue)
    {
        _meter = meters.Create(MeterName);
        _calls = _meter.CreateCounter<long>("fairway_model_calls_total", "{call}", "Calls to upstream models, retries included.");
        _appends = _meter.CreateCounter<long>("fairway_generation_appends_total", "{append}", "Batches of frames sent to grains.");
        _abandoned = _meter.CreateCounter<long>("fairway_jobs_abandoned_total", "{job}", "Jobs given back to be delivered again.");
        _meter.CreateObservableGauge("fairway_generations_running", () => Interlocked.Read(ref _running), "{job}", "Jobs being worked on.");
        _meter.CreateObservableGauge("fairway_jobs_waiting", () => queue.Waiting, "{job}", "Jobs that wait for a worker.");
    }

    public void ModelCalled(string model) => _calls.Add(1, new KeyValuePair<string, object?>("model", model));

    public void Appended() => _appends.Add(1);

    public void Abandoned() => _abandoned.Add(1);

    public void Running(int change) => Interlocked.Add(ref _running, change);

    public void Dispose() => _meter.Dispose();
}
