using Fairway.GrpcWire.Health;
using Fairway.GrpcWire.Orca;

namespace Fairway.GrpcWire;

/// <summary>Methods of public protocols that Fairway speaks.</summary>
public static class WellKnown
{
    /// <summary>grpc.health.v1: the status now (unary).</summary>
    public static GrpcMethod<HealthCheckRequest, HealthCheckResponse> HealthCheck { get; } =
        new("grpc.health.v1.Health", "Check");

    /// <summary>grpc.health.v1: the status now and each change (server streaming).</summary>
    public static GrpcMethod<HealthCheckRequest, HealthCheckResponse> HealthWatch { get; } =
        new("grpc.health.v1.Health", "Watch");

    /// <summary>ORCA out-of-band load reports (server streaming).</summary>
    public static GrpcMethod<OrcaLoadReportRequest, OrcaLoadReport> OrcaStreamCoreMetrics { get; } =
        new("xds.service.orca.v3.OpenRcaService", "StreamCoreMetrics");
}
