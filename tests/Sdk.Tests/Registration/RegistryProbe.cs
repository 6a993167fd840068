using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Fairway.Registry;
using Fairway.Registry.Schema;

namespace Fairway.Sdk.Tests.Registration;

/// <summary>What stands in a registry, read as its readers read it.</summary>
internal static class RegistryProbe
{
    public static async Task<InstanceRecord?> InstanceAsync(this IRegistry registry, string service = "orders", string id = "orders-1") =>
        await registry.GetAsync(RegistryKeys.Instance(service, id)) is { } entry
        && InstanceCodec.TryDecode(service, id, entry.Value.Span, out var record) ? record : null;

    public static async Task<LaneRecord?> LaneAsync(this IRegistry registry, string lane) =>
        await registry.GetAsync(RegistryKeys.Lane(lane)) is { } entry
        && LaneCodec.TryDecode(lane, entry.Value.Span, out var record) ? record : null;

    public static async Task<LaneDeclaration?> DeclarationAsync(this IRegistry registry, string lane, string service = "orders") =>
        await registry.GetAsync(RegistryKeys.Declaration(lane, service)) is { } entry
        && LaneCodec.TryDecodeDeclaration(service, entry.Value.Span, out var record) ? record : null;

    public static Task<long> MakeLaneAsync(this IRegistry registry, string lane, DateTimeOffset? createdAt = null, int? ttlSeconds = null) =>
        registry.PutAsync(
            RegistryKeys.Lane(lane), LaneCodec.Encode(new LaneRecord(lane, "ops", createdAt ?? DateTimeOffset.UnixEpoch, ttlSeconds)));
}
