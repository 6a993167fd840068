using System.Diagnostics.Metrics;

namespace Fairway.Gateway.Streams;

/// <summary>What serving answers costs, under the meter <c>Fairway.Gateway</c>.</summary>
internal sealed class ServingMetrics
{
    private readonly Counter<long> _posts;
    private readonly Counter<long> _cut;
    private readonly Counter<long> _pulls;
    private long _readers;

    public ServingMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Fairway.Gateway");
        _posts = meter.CreateCounter<long>("fairway_gateway_stream_posts_total", "{request}", "Requests for an answer, by outcome.");
        _cut = meter.CreateCounter<long>("fairway_gateway_stream_readers_cut_total", "{reader}", "Readers cut because they were too slow.");
        _pulls = meter.CreateCounter<long>("fairway_gateway_stream_pulls_total", "{pull}", "Pulls made because a push was lost.");
        meter.CreateObservableGauge(
            "fairway_gateway_stream_readers", () => Interlocked.Read(ref _readers), "{reader}", "Connections that follow an answer.");
    }

    public void Posted(string outcome) => _posts.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void Pulled() => _pulls.Add(1);

    public void ReaderCame() => Interlocked.Increment(ref _readers);

    public void ReaderWent(bool cut)
    {
        Interlocked.Decrement(ref _readers);
        if (cut)
        {
            _cut.Add(1);
        }
    }
}
