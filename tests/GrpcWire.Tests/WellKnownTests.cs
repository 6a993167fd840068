using Fairway.GrpcWire.Health;
using Fairway.GrpcWire.Orca;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace Fairway.GrpcWire.Tests;

public sealed class WellKnownTests
{
    [Fact]
    public void Methods_Paths_AreThoseOfTheProtocols()
    {
        Assert.Equal("/grpc.health.v1.Health/Check", WellKnown.HealthCheck.Path);
        Assert.Equal("/grpc.health.v1.Health/Watch", WellKnown.HealthWatch.Path);
        Assert.Equal("/xds.service.orca.v3.OpenRcaService/StreamCoreMetrics", WellKnown.OrcaStreamCoreMetrics.Path);
    }

    [Fact]
    public void OrcaLoadReport_FieldNumbers_AreThoseOfTheProtocol() => Assert.Equal(
        [
            (1, "cpu_utilization"), (2, "mem_utilization"), (3, "rps"), (4, "request_cost"), (5, "utilization"),
            (6, "rps_fractional"), (7, "eps"), (8, "named_metrics"), (9, "application_utilization"),
        ],
        Fields(OrcaLoadReport.Descriptor));

    [Fact]
    public void OrcaLoadReport_Encoded_HasTheWireForm()
    {
        var report = new OrcaLoadReport { CpuUtilization = 0.5, NamedMetrics = { ["q"] = 1 } };

        Assert.Equal(
            "09000000000000e03f" + "420c" + "0a0171" + "11000000000000f03f", Convert.ToHexStringLower(report.ToByteArray()));
    }

    [Fact]
    public void HealthCheckResponse_Values_AreThoseOfTheProtocol() => Assert.Equal(
        [0, 1, 2, 3],
        new[]
        {
            HealthCheckResponse.Types.ServingStatus.Unknown,
            HealthCheckResponse.Types.ServingStatus.Serving,
            HealthCheckResponse.Types.ServingStatus.NotServing,
            HealthCheckResponse.Types.ServingStatus.ServiceUnknown,
        }.Select(status => (int)status));

    [Fact]
    public async Task HealthAndOrca_OverTheWire_Work()
    {
        await using var server = await TestServer.StartAsync(app =>
        {
            app.MapGrpcUnary(WellKnown.HealthCheck, (request, _) => request.Service.Length == 0
                ? Task.FromResult(new HealthCheckResponse { Status = HealthCheckResponse.Types.ServingStatus.Serving })
                : throw new GrpcException(GrpcStatus.NotFound, "unknown service"));
            app.MapGrpcServerStreaming(WellKnown.OrcaStreamCoreMetrics, (request, output, _) =>
                output.WriteAsync(new OrcaLoadReport { Eps = request.ReportInterval.ToTimeSpan().TotalSeconds }).AsTask());
        });
        using var channel = new GrpcChannel(server.Address);

        var health = await channel.UnaryAsync(WellKnown.HealthCheck, new HealthCheckRequest());
        var unknown = await Assert.ThrowsAsync<GrpcException>(
            () => channel.UnaryAsync(WellKnown.HealthCheck, new HealthCheckRequest { Service = "x" }));
        var reports = new List<OrcaLoadReport>();
        var ask = new OrcaLoadReportRequest { ReportInterval = Duration.FromTimeSpan(TimeSpan.FromSeconds(3)) };
        await foreach (var report in channel.ServerStreaming(WellKnown.OrcaStreamCoreMetrics, ask))
        {
            reports.Add(report);
        }

        Assert.Equal(HealthCheckResponse.Types.ServingStatus.Serving, health.Status);
        Assert.Equal(GrpcStatus.NotFound, unknown.Status);
        Assert.Equal(3, Assert.Single(reports).Eps);
    }

    private static IEnumerable<(int, string)> Fields(MessageDescriptor message) =>
        message.Fields.InFieldNumberOrder().Select(field => (field.FieldNumber, field.Name));
}
