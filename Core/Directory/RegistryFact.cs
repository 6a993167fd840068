using Fairway.Core.Lanes;

namespace Fairway.Core.Directory;

/// <summary>The kinds of keys below the registry's prefix that the directory is made of.</summary>
public enum FactKind
{
    /// <summary><c>instances/{service}/{id}</c></summary>
    Instance,

    /// <summary><c>status/{service}/{exporter}/{chunk}</c></summary>
    Status,

    /// <summary><c>lanes/{lane}</c></summary>
    Lane,

    /// <summary><c>lanes/{lane}/services/{service}</c></summary>
    Declaration,

    /// <summary><c>policies/{service}</c></summary>
    Policy,

    /// <summary><c>grey/{service}</c></summary>
    Grey,

    /// <summary><c>offline/{ip:port}</c></summary>
    Offline,

    /// <summary><c>limits/{service}</c></summary>
    Limit,

    /// <summary><c>exporters/{id}</c></summary>
    Exporter,

    /// <summary><c>gateways/{id}</c></summary>
    Gateway,

    /// <summary><c>edges/{id}</c></summary>
    Edge,
}

/// <summary>A registry key, parsed: its kind and its variable parts in the order of the key.</summary>
public readonly record struct FactKey(FactKind Kind, string First, string Second = "", string Third = "")
{
    public static FactKey Instance(string service, string id) => new(FactKind.Instance, service, id);

    public static FactKey Status(string service, string exporter, string chunk) => new(FactKind.Status, service, exporter, chunk);

    public static FactKey Lane(string lane) => new(FactKind.Lane, lane);

    public static FactKey Declaration(string lane, string service) => new(FactKind.Declaration, lane, service);

    public static FactKey Policy(string service) => new(FactKind.Policy, service);

    public static FactKey Grey(string service) => new(FactKind.Grey, service);

    public static FactKey Offline(string address) => new(FactKind.Offline, address);

    public static FactKey Limit(string service) => new(FactKind.Limit, service);

    /// <param name="kind"><see cref="FactKind.Exporter"/>, <see cref="FactKind.Gateway"/> or <see cref="FactKind.Edge"/>.</param>
    /// <param name="id">The member's name.</param>
    public static FactKey Member(FactKind kind, string id) => new(kind, id);

    public override string ToString() =>
        Kind + ":" + First + (Second.Length == 0 ? "" : "/" + Second) + (Third.Length == 0 ? "" : "/" + Third);
}

/// <summary>A decoded registry entry: a key with its value. The key and the names inside the value agree.</summary>
public abstract record RegistryFact(FactKey Key)
{
    /// <summary>Revision of the last write of the key: what tells an old fact from a new one.</summary>
    public long ModRevision { get; init; }

    /// <summary>The lease the key hangs on; 0 for none.</summary>
    public long Lease { get; init; }
}

public sealed record InstanceFact(InstanceRecord Record) : RegistryFact(FactKey.Instance(Record.Service, Record.Id));

public sealed record StatusFact(string Service, string Exporter, string Chunk, StatusBatch Batch)
    : RegistryFact(FactKey.Status(Service, Exporter, Chunk));

public sealed record LaneFact(LaneRecord Record) : RegistryFact(FactKey.Lane(Record.Lane));

public sealed record DeclarationFact(string Lane, LaneDeclaration Declaration)
    : RegistryFact(FactKey.Declaration(Lane, Declaration.Service));

public sealed record PolicyFact(string Service, ServicePolicy Policy) : RegistryFact(FactKey.Policy(Service));

public sealed record GreyFact(string Service, GreyRule Rule) : RegistryFact(FactKey.Grey(Service));

public sealed record OfflineFact(OfflineMark Mark) : RegistryFact(FactKey.Offline(Mark.Address));

public sealed record LimitFact(string Service, LimitRule Rule) : RegistryFact(FactKey.Limit(Service));

/// <param name="Kind"><see cref="FactKind.Exporter"/>, <see cref="FactKind.Gateway"/> or <see cref="FactKind.Edge"/>.</param>
/// <param name="Member">The process.</param>
public sealed record MemberFact(FactKind Kind, Member Member) : RegistryFact(FactKey.Member(Kind, Member.Id));

/// <summary>A watched change of one key.</summary>
/// <param name="Key">What changed.</param>
/// <param name="ModRevision">Revision of the change.</param>
/// <param name="Fact">The new value; null means deleted.</param>
public readonly record struct FactChange(FactKey Key, long ModRevision, RegistryFact? Fact)
{
    public static FactChange Put(RegistryFact fact)
    {
        ArgumentNullException.ThrowIfNull(fact);
        return new FactChange(fact.Key, fact.ModRevision, fact);
    }

    public static FactChange Delete(FactKey key, long modRevision) => new(key, modRevision, null);
}
