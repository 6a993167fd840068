using Fairway.Sdk.Options;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Load;

/// <summary>
/// Turns running sums into figures of an interval. Every reader keeps its own beginning, so readers with
/// different intervals do not disturb each other.
/// </summary>
internal sealed class LoadSampler : IDisposable
{
    private static readonly TimeSpan BaselineEvery = TimeSpan.FromSeconds(1);

    private readonly RequestMeter _meter;
    private readonly IProcessUsage _usage;
    private readonly TimeProvider _time;
    private readonly Func<double>? _application;
    private readonly ITimer _timer;
    private volatile Baselines _baselines;

    public LoadSampler(RequestMeter meter, IProcessUsage usage, TimeProvider time, IOptions<FairwayOptions> options)
    {
        _meter = meter;
        _usage = usage;
        _time = time;
        _application = options.Value.ApplicationUtilization;
        var now = Take();
        _baselines = new Baselines(now, now);
        _timer = time.CreateTimer(
            static state => ((LoadSampler)state!).MoveBaseline(), this, BaselineEvery, BaselineEvery);
    }

    /// <summary>The load of the last one to two seconds.</summary>
    public LoadFigures Recent() => Between(_baselines.Older, Take());

    /// <summary>A reader whose first figures cover the last one to two seconds, the next ones the time since the read before.</summary>
    public Reader Open() => new(this, _baselines.Older);

    public void Dispose() => _timer.Dispose();

    private void MoveBaseline() => _baselines = new Baselines(_baselines.Newer, Take());

    private Sums Take() => new(_time.GetTimestamp(), _usage.CpuTime, _meter.Totals);

    private LoadFigures Between(Sums from, Sums to)
    {
        var seconds = _time.GetElapsedTime(from.Timestamp, to.Timestamp).TotalSeconds;
        var completed = to.Requests.Completed - from.Requests.Completed;
        var busy = _time.GetElapsedTime(from.Requests.BusyTicks, to.Requests.BusyTicks);
        var resident = _usage.ResidentBytes;
        var limits = _usage.Limits;
        return new LoadFigures(
            seconds > 0 ? (to.CpuTime - from.CpuTime).TotalSeconds / (seconds * limits.Cpus) : 0,
            limits.MemoryBytes > 0 ? (double)resident / limits.MemoryBytes : 0,
            resident / (double)(1L << 30),
            _meter.InFlight,
            completed > 0 ? busy.TotalMilliseconds / completed : null,
            seconds > 0 ? completed / seconds : 0,
            seconds > 0 ? (to.Requests.Failed - from.Requests.Failed) / seconds : 0,
            _application?.Invoke());
    }

    internal readonly record struct Sums(long Timestamp, TimeSpan CpuTime, RequestTotals Requests);

    private sealed record Baselines(Sums Older, Sums Newer);

    /// <summary>One reader's place; not for use by two threads at once.</summary>
    public sealed class Reader
    {
        private readonly LoadSampler _sampler;
        private Sums _from;

        internal Reader(LoadSampler sampler, Sums from)
        {
            _sampler = sampler;
            _from = from;
        }

        /// <summary>The load since the read before.</summary>
        public LoadFigures Read()
        {
            var now = _sampler.Take();
            var figures = _sampler.Between(_from, now);
            _from = now;
            return figures;
        }
    }
}
