using Fairway.GrpcWire;
using Fairway.GrpcWire.Orca;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Fairway.Exporter.Load;

/// <summary>
/// Pulls one instance's load for as long as it is asked to, over the connection of its health checks: opens
/// <c>StreamCoreMetrics</c>, and opens it again with backoff whenever it ends.
/// </summary>
/// <param name="interval">The interval asked for.</param>
/// <param name="onReport">Every report, refused ones too.</param>
/// <param name="onBroken">The stream ended unasked; the instance may be gone.</param>
internal sealed class LoadStream(TimeSpan interval, TimeProvider time, Action<LoadReading> onReport, Action onBroken)
{
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan MaxBackoff = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan UnimplementedBackoff = TimeSpan.FromMinutes(1);

    // As WellKnown.OrcaStreamCoreMetrics, but a report that does not decode leaves the stream open.
    private static readonly GrpcMethod<OrcaLoadReportRequest, ReportFrame> Method =
        new(WellKnown.OrcaStreamCoreMetrics.Service, WellKnown.OrcaStreamCoreMetrics.Name);

    private readonly OrcaLoadReportRequest _request = new() { ReportInterval = Duration.FromTimeSpan(interval) };
    private readonly ReportClock _clock = new(time, interval);

    /// <summary>The interval at which reports really come.</summary>
    public TimeSpan Interval => _clock.Interval;

    /// <summary>Returns when cancelled, without an exception.</summary>
    public async Task RunAsync(GrpcChannel channel, CancellationToken ct)
    {
        var backoff = FirstBackoff;
        while (!ct.IsCancellationRequested)
        {
            var (reports, status) = await ReadAsync(channel, ct);
            if (ct.IsCancellationRequested)
            {
                return;
            }

            if (status == GrpcStatus.Unimplemented)
            {
                backoff = UnimplementedBackoff; // it may be replaced in place by a version that has it
            }
            else
            {
                backoff = reports ? FirstBackoff : Min(backoff * 2, MaxBackoff);
                onBroken();
            }

            var wait = backoff * (0.5 + Random.Shared.NextDouble());
            await Task.Delay(wait, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<(bool Reports, GrpcStatus Status)> ReadAsync(GrpcChannel channel, CancellationToken ct)
    {
        var reports = false;
        _clock.Restart();
        try
        {
            await foreach (var frame in channel.ServerStreaming(Method, _request, ct: ct))
            {
                reports = true;
                _clock.Tick();
                onReport(frame.Read());
            }

            return (reports, GrpcStatus.Ok);
        }
        catch (GrpcException e)
        {
            if (IsBrokenFrame(e) && !ct.IsCancellationRequested)
            {
                onReport(LoadReading.Undecodable);
            }

            return (reports, e.Status);
        }
    }

    // A message cut short, too large, or marked in a way that gRPC does not know. Losses of the connection have another cause inside.
    private static bool IsBrokenFrame(GrpcException e) => e is
    {
        Status: GrpcStatus.Internal or GrpcStatus.ResourceExhausted,
        InnerException: null or InvalidProtocolBufferException,
    };

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
