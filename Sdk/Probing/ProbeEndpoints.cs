using Fairway.GrpcWire;
using Fairway.GrpcWire.Health;
using Fairway.GrpcWire.Orca;
using Fairway.Sdk.Load;
using Fairway.Sdk.Options;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using static Fairway.GrpcWire.Health.HealthCheckResponse.Types;

namespace Fairway.Sdk.Probing;

/// <summary>Serves load reports (ORCA, out of band) and <c>grpc.health.v1</c>.</summary>
internal sealed class ProbeEndpoints(
    LoadSampler sampler, FairwayHealth health, SdkMetrics metrics, TimeProvider time, IOptions<FairwayOptions> options) : IDisposable
{
    private static readonly TimeSpan DefaultInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxInterval = TimeSpan.FromHours(1);

    private readonly CancellationTokenSource _ending = new();

    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGrpcUnary(WellKnown.HealthCheck, (request, _) => Task.FromResult(Check(request)));
        endpoints.MapGrpcServerStreaming(WellKnown.HealthWatch, WatchAsync);
        endpoints.MapGrpcServerStreaming(WellKnown.OrcaStreamCoreMetrics, ReportAsync);
        endpoints.MapGrpcUnimplementedFallback();
    }

    /// <summary>Ends all streams with OK: a server that stops would wait for them.</summary>
    public void End() => _ending.Cancel();

    public void Dispose() => _ending.Dispose();

    /// <summary>What an asked-for interval is granted as: the default for none, within bounds.</summary>
    internal TimeSpan Grant(Google.Protobuf.WellKnownTypes.Duration? asked)
    {
        var seconds = asked == null ? 0 : asked.Seconds + (asked.Nanos / 1e9);
        if (seconds <= 0)
        {
            return DefaultInterval;
        }

        var shortest = TimeSpan.FromMilliseconds(options.Value.MinReportIntervalMs);
        return TimeSpan.FromSeconds(Math.Clamp(seconds, shortest.TotalSeconds, MaxInterval.TotalSeconds));
    }

    private HealthCheckResponse Check(HealthCheckRequest request)
    {
        metrics.HealthChecked();
        return IsKnown(request.Service)
            ? Status(health.Serving)
            : throw new GrpcException(GrpcStatus.NotFound, $"There is no service '{request.Service}' here.");
    }

    private Task WatchAsync(HealthCheckRequest request, IGrpcStreamWriter<HealthCheckResponse> writer, GrpcServerContext call) =>
        UntilEndAsync(call, async cancellation =>
        {
            if (!IsKnown(request.Service))
            {
                await writer.WriteAsync(new HealthCheckResponse { Status = ServingStatus.ServiceUnknown }, cancellation);
                await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellation);
            }

            while (true)
            {
                var (serving, changed) = health.Observe();
                await writer.WriteAsync(Status(serving), cancellation);
                await changed.WaitAsync(cancellation);
            }
        });

    private Task ReportAsync(OrcaLoadReportRequest request, IGrpcStreamWriter<OrcaLoadReport> writer, GrpcServerContext call) =>
        UntilEndAsync(call, async cancellation =>
        {
            var reader = sampler.Open();
            using var timer = new PeriodicTimer(Grant(request.ReportInterval), time);
            do
            {
                await writer.WriteAsync(OrcaReport.From(reader.Read()), cancellation);
                metrics.LoadReported();
            }
            while (await timer.WaitForNextTickAsync(cancellation));
        });

    private async Task UntilEndAsync(GrpcServerContext call, Func<CancellationToken, Task> stream)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(call.Cancellation, _ending.Token);
        try
        {
            await stream(either.Token);
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
        }
    }

    private bool IsKnown(string service) => service.Length == 0 || service == options.Value.Service;

    private static HealthCheckResponse Status(bool serving) =>
        new() { Status = serving ? ServingStatus.Serving : ServingStatus.NotServing };
}
