using System.Diagnostics.Metrics;

namespace Fairway.Sdk.Client;

/// <summary>Metrics of calls to other services, meter <c>Fairway.Sdk.Client</c>.</summary>
internal sealed class ClientMetrics
{
    public const string MeterName = "Fairway.Sdk.Client";

    private readonly TimeProvider _time;
    private readonly Counter<long> _requests;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _ejections;
    private readonly Counter<long> _listFailures;
    private readonly Histogram<double> _duration;
    private long _heardAt;

    public ClientMetrics(IMeterFactory factory, TimeProvider time)
    {
        _time = time;
        _heardAt = time.GetTimestamp();
        var meter = factory.Create(MeterName);
        _requests = meter.CreateCounter<long>(
            "fairway_client_attempts_total", "{attempt}", "Requests sent to instances, by service and result: ok, failed, unreachable, given-up.");
        _retries = meter.CreateCounter<long>("fairway_client_retries_total", "{retry}", "Requests sent once more, by service.");
        _ejections = meter.CreateCounter<long>("fairway_client_ejections_total", "{ejection}", "Instances put out for failing this process, by service.");
        _listFailures = meter.CreateCounter<long>("fairway_client_list_failures_total", "{read}", "Reads of the directory that failed.");
        _duration = meter.CreateHistogram<double>(
            "fairway_client_attempt_duration_seconds", "s", "From sending a request to the end of its response, by service.");
        meter.CreateObservableGauge(
            "fairway_client_list_age_seconds", () => _time.GetElapsedTime(Interlocked.Read(ref _heardAt)).TotalSeconds, "s", "Since a gateway last answered.");
    }

    public void Attempted(string service, string result, double seconds)
    {
        var tag = new KeyValuePair<string, object?>("service", service);
        _requests.Add(1, tag, new KeyValuePair<string, object?>("result", result));
        _duration.Record(seconds, tag);
    }

    public void Retried(string service) => _retries.Add(1, new KeyValuePair<string, object?>("service", service));

    public void Ejected(string service) => _ejections.Add(1, new KeyValuePair<string, object?>("service", service));

    public void ListFailed() => _listFailures.Add(1);

    public void ListHeard() => Interlocked.Exchange(ref _heardAt, _time.GetTimestamp());
}
