using System.Diagnostics.Metrics;
using Fairway.Core.Streams;

namespace Fairway.Grains.Streams;

/// <summary>What the grains of users count, under the meter <see cref="MeterName"/>.</summary>
internal sealed class StreamMetrics : IDisposable
{
    public const string MeterName = "Fairway.Streams";

    private static readonly string[] States = [.. Enum.GetNames<StreamState>().Select(name => name.ToLowerInvariant())];

    private readonly Meter _meter;
    private readonly Counter<long> _opened;
    private readonly Counter<long> _frames;
    private readonly Counter<long> _ended;
    private readonly Counter<long> _expired;
    private readonly Counter<long> _acknowledged;
    private readonly Counter<long> _gaps;

    public StreamMetrics(IMeterFactory meters, StreamMemory memory)
    {
        _meter = meters.Create(MeterName);
        _opened = _meter.CreateCounter<long>("fairway_streams_opened_total", "{version}", "Versions minted.");
        _frames = _meter.CreateCounter<long>("fairway_streams_frames_total", "{frame}", "Frames stored, terminals included.");
        _ended = _meter.CreateCounter<long>("fairway_streams_terminals_total", "{version}", "Terminals stored, by the state they bring about.");
        _expired = _meter.CreateCounter<long>(
            "fairway_streams_expired_total", "{version}", "Failed requests: nobody read or acknowledged the answer in time.");
        _acknowledged = _meter.CreateCounter<long>("fairway_streams_acknowledged_total", "{version}", "Versions freed because their user has them.");
        _gaps = _meter.CreateCounter<long>("fairway_streams_gaps_total", "{append}", "Appends that a worker was told to send again from an earlier frame.");
        _meter.CreateObservableGauge("fairway_streams_conversations", () => memory.Conversations, "{conversation}", "Conversations that hold a version.");
        _meter.CreateObservableGauge("fairway_streams_buffered_bytes", () => memory.Bytes, "By", "Stored bytes of all versions.");
    }

    public void Opened() => _opened.Add(1);

    public void Stored(int frames) => _frames.Add(frames);

    public void Ended(StreamState state) => _ended.Add(1, new KeyValuePair<string, object?>("state", States[(int)state]));

    public void Expired() => _expired.Add(1);

    public void Acknowledged() => _acknowledged.Add(1);

    public void Gap() => _gaps.Add(1);

    public void Dispose() => _meter.Dispose();
}
