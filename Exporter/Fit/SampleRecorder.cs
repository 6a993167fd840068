using System.Collections.Concurrent;
using Fairway.Core.Scoring;
using Fairway.Exporter.Fleet;
using Fairway.Exporter.Probing;
using Microsoft.Extensions.Options;

namespace Fairway.Exporter.Fit;

/// <summary>
/// Writes what <c>fit</c> learns from to <see cref="ExporterOptions.Record"/>, a line for each two samples of an instance in a row:
/// its window's means at the first, the mean latency at the second. Without a file it does nothing. Thread-safe.
/// </summary>
internal sealed class SampleRecorder : IDisposable
{
    /// <summary>Two samples further apart than this many intervals are not in a row.</summary>
    private const double MaxGapIntervals = 2.5;

    private static readonly TimeSpan FlushEvery = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly StreamWriter? _file;
    private readonly ConcurrentDictionary<InstanceName, Trace> _traces = new();
    private long _flushedAt;

    public SampleRecorder(IOptions<ExporterOptions> options, TimeProvider time)
    {
        _time = time;
        if (options.Value.Record is { Length: > 0 } path)
        {
            _file = new StreamWriter(path, append: false);
            _file.WriteLine(RecordedRow.Header);
            _file.Flush();
        }
    }

    public void Sampled(InstanceName name, SampleNow sample)
    {
        if (_file is null)
        {
            return;
        }

        lock (_gate)
        {
            var trace = _traces.GetOrAdd(name, static _ => new Trace());
            if (trace.Means is { } means && double.IsFinite(sample.Load.LatencyMs)
                && _time.GetElapsedTime(trace.At, sample.At) <= sample.Interval * MaxGapIntervals)
            {
                _file.WriteLine(new RecordedRow(name.Service, name.Id, means, sample.Load.LatencyMs).ToLine());
            }

            trace.Add(sample, _time.GetElapsedTime(0, sample.At));
            if (_time.GetElapsedTime(_flushedAt) >= FlushEvery)
            {
                _flushedAt = _time.GetTimestamp();
                _file.Flush();
            }
        }
    }

    public void Forget(InstanceName name) => _traces.TryRemove(name, out _);

    public void Dispose()
    {
        lock (_gate)
        {
            _file?.Dispose();
        }
    }

    private sealed class Trace
    {
        private readonly SlidingWindow _window = new();

        public LoadSample? Means { get; private set; }

        public long At { get; private set; }

        public void Add(SampleNow sample, TimeSpan at)
        {
            _window.Add(sample.Load, at);
            Means = _window.Snapshot(at).Means;
            At = sample.At;
        }
    }
}
