using Fairway.Core.Directory;
using Fairway.Core.Scoring;
using Fairway.Gateway.Http;

namespace Fairway.Gateway.Registration;

/// <summary>Reads registrations and statuses from their JSON.</summary>
internal static class InstanceReader
{
    public const int DefaultTtlSeconds = 30;
    private const int MaxTtlSeconds = 3600;
    private const int MaxWeight = 10_000;

    /// <summary>The record of an instance and the life of its registration. The path says which instance it is.</summary>
    public static (InstanceRecord Record, int TtlSeconds) Record(string service, string id, Fields fields)
    {
        Agrees(fields, "service", service);
        Agrees(fields, "id", id);
        var record = new InstanceRecord
        {
            Service = service,
            Id = id,
            Address = fields.Address("address") ?? throw ApiException.BadField("address", "is required"),
            Protocol = fields.Choice("protocol", "http", "https", "grpc", "grpcs") ?? "http",
            ProbeAddress = fields.Text("probeAddress") is "" ? null : fields.Address("probeAddress"),
            Probe = fields.Choice("probe", Probes.Orca, Probes.GrpcHealth, Probes.Http, Probes.None) ?? Probes.None,
            Lane = fields.Lane("lane"),
            Version = fields.Text("version") ?? "",
            Zone = fields.Text("zone") ?? "",
            Weight = fields.Whole("weight", 0, MaxWeight) ?? 100,
            Methods = fields.Methods("methods"),
            Metadata = fields.Texts("metadata"),
            StartedAt = fields.Time("startedAt"),
            Draining = fields.Flag("draining") ?? false,
        };
        return (record, fields.Whole("ttlSeconds", 1, MaxTtlSeconds) ?? DefaultTtlSeconds);
    }

    /// <summary>A posted status: what it says of serving, and the figures it brings; null when it brings none.</summary>
    public static (bool? Serving, LoadSample? Sample) Status(Fields fields)
    {
        var sample = new LoadSample(
            Figure("cpu"), Figure("memoryGib"), Figure("inFlight"), Figure("latencyMs"), Figure("rps"), Figure("errorRate"));
        var empty = double.IsNaN(sample.Cpu) && double.IsNaN(sample.MemoryGib) && double.IsNaN(sample.InFlight)
            && double.IsNaN(sample.LatencyMs) && double.IsNaN(sample.Rps) && double.IsNaN(sample.ErrorRate);
        return (fields.Flag("serving"), empty ? null : sample);

        double Figure(string field) => fields.Number(field) ?? double.NaN;
    }

    private static void Agrees(Fields fields, string field, string path)
    {
        if (fields.Text(field) is { } said && said != path)
        {
            throw ApiException.BadField(field, $"is '{said}', but the path says '{path}'");
        }
    }
}
