using System.Diagnostics.Metrics;

namespace Fairway.GrpcWire.Server;

/// <summary>
/// <c>fairway_grpc_server_duration_seconds</c>: seconds from a call's request to its status, by <c>method</c>
/// (the path) and <c>status</c> (the name of its code; Cancelled for a client that left).
/// </summary>
internal sealed class GrpcServerMetrics
{
    private readonly Histogram<double> _duration;

    public GrpcServerMetrics(IMeterFactory meters) =>
        _duration = meters.Create("Fairway.GrpcWire").CreateHistogram<double>(
            "fairway_grpc_server_duration_seconds", "s", "Seconds from a call's request to its status.");

    public void Ended(string method, GrpcStatus status, TimeSpan duration) =>
        _duration.Record(duration.TotalSeconds, new("method", method), new("status", status.ToString()));
}
