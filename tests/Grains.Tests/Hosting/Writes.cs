using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Fairway.Core.Scoring;
using Fairway.Registry;
using Fairway.Registry.Schema;

namespace Fairway.Grains.Tests.Hosting;

/// <summary>What registrants, exporters and operators put; each returns the revision of its write.</summary>
internal static class Writes
{
    public static InstanceRecord Instance(string service, string id, string? address = null, string lane = "") => new()
    {
        Service = service,
        Id = id,
        Address = address ?? $"10.0.0.1:{7000 + Math.Abs(id.Sum(letter => letter)) % 1000}",
        Probe = Probes.Orca,
        Lane = lane,
    };

    public static Task<long> RegisterAsync(this IRegistry registry, InstanceRecord record, long lease = 0) =>
        registry.PutAsync(RegistryKeys.Instance(record.Service, record.Id), InstanceCodec.Encode(record), lease);

    public static Task<long> RegisterAsync(this IRegistry registry, string service, string id) => registry.RegisterAsync(Instance(service, id));

    public static async Task<long> DeregisterAsync(this IRegistry registry, string service, string id) =>
        (await registry.DeleteAsync(RegistryKeys.Instance(service, id))).Revision;

    public static Task<long> ReportAsync(this IRegistry registry, string service, long lease, params InstanceStatus[] items) =>
        registry.PutAsync(RegistryKeys.Status(service, "exporter-1", 0), StatusCodec.Split(new StatusBatch([.. items]))[0], lease);

    public static Task<long> ReportAsync(this IRegistry registry, string service, params InstanceStatus[] items) =>
        registry.ReportAsync(service, 0, items);

    public static Task<long> SetPolicyAsync(this IRegistry registry, string service, ServicePolicy policy) =>
        registry.PutAsync(RegistryKeys.Policy(service), PolicyCodec.Encode(policy));

    public static Task<long> SetOfflineAsync(this IRegistry registry, OfflineMark mark) =>
        registry.PutAsync(RegistryKeys.Offline(mark.Address), OperatorCodec.Encode(mark));

    public static Task<long> SetLaneAsync(this IRegistry registry, LaneRecord lane) =>
        registry.PutAsync(RegistryKeys.Lane(lane.Lane), LaneCodec.Encode(lane));

    public static Task<long> DeclareAsync(this IRegistry registry, string lane, string service) => registry.PutAsync(
        RegistryKeys.Declaration(lane, service), LaneCodec.Encode(new LaneDeclaration(service, "operator", "park")));

    /// <summary>A live instance with a load that makes it as slow as told.</summary>
    public static InstanceStatus Up(string id, double latencyMs) => new()
    {
        Id = id,
        Life = Life.Up,
        Sample = new LoadSample(0.2, 0.5, 1, latencyMs, 50, 0),
        ReportInterval = TimeSpan.FromSeconds(1),
    };

    public static InstanceStatus Down(string id) => new() { Id = id, Life = Life.Down, DownReason = "refused" };
}
