using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;

namespace Fairway.GrainInterfaces.Wire;

/// <summary>A <see cref="LaneRecord"/> with the services that declared themselves in it.</summary>
[GenerateSerializer, Immutable, Alias("fairway.Lane")]
public sealed record LaneWire(
    [property: Id(0)] string Lane,
    [property: Id(1)] string Owner,
    [property: Id(2)] DateTimeOffset CreatedAt,
    [property: Id(3)] int? TtlSeconds,
    [property: Id(4)] ImmutableArray<DeclarationWire> Services)
{
    public static LaneWire From(LaneRecord lane, ImmutableArray<LaneDeclaration> services) =>
        new(lane.Lane, lane.Owner, lane.CreatedAt, lane.TtlSeconds, ImmutableArray.CreateRange(services, DeclarationWire.From));

    public LaneRecord ToCore() => new(Lane, Owner, CreatedAt, TtlSeconds);
}

/// <summary>A <see cref="LaneDeclaration"/>.</summary>
[GenerateSerializer, Immutable, Alias("fairway.Declaration")]
public sealed record DeclarationWire(
    [property: Id(0)] string Service,
    [property: Id(1)] string DeclaredBy,
    [property: Id(2)] string OnConsumerDown)
{
    public static DeclarationWire From(LaneDeclaration declaration) =>
        new(declaration.Service, declaration.DeclaredBy, declaration.OnConsumerDown);

    public LaneDeclaration ToCore() => new(Service, DeclaredBy, OnConsumerDown);
}

/// <summary>A <see cref="GreyRule"/> of a service.</summary>
[GenerateSerializer, Immutable, Alias("fairway.Grey")]
public sealed record GreyWire(
    [property: Id(0)] string Service,
    [property: Id(1)] string Target,
    [property: Id(2)] string Salt,
    [property: Id(3)] bool Kill,
    [property: Id(4)] ImmutableArray<string> Whitelist,
    [property: Id(5)] ImmutableArray<string> Regions,
    [property: Id(6)] int RatioPer10000)
{
    public static GreyWire From(string service, GreyRule rule) =>
        new(service, rule.Target, rule.Salt, rule.Kill, rule.Whitelist, rule.Regions, rule.RatioPer10000);

    public GreyRule ToCore() => new()
    {
        Target = Target,
        Salt = Salt,
        Kill = Kill,
        Whitelist = Whitelist,
        Regions = Regions,
        RatioPer10000 = RatioPer10000,
    };
}

/// <summary>An <see cref="OfflineMark"/>.</summary>
[GenerateSerializer, Immutable, Alias("fairway.Offline")]
public sealed record OfflineWire(
    [property: Id(0)] string Address,
    [property: Id(1)] string Author,
    [property: Id(2)] string Reason,
    [property: Id(3)] DateTimeOffset? ExpiresAt)
{
    public static OfflineWire From(OfflineMark mark) => new(mark.Address, mark.Author, mark.Reason, mark.ExpiresAt);

    public OfflineMark ToCore() => new(Address, Author, Reason, ExpiresAt);
}

/// <summary>A <see cref="LimitRule"/> of a service.</summary>
[GenerateSerializer, Immutable, Alias("fairway.Limit")]
public sealed record LimitWire(
    [property: Id(0)] string Service,
    [property: Id(1)] double RatePerSecond,
    [property: Id(2)] double Burst,
    [property: Id(3)] string OnFailure)
{
    public static LimitWire From(string service, LimitRule limit) => new(service, limit.RatePerSecond, limit.Burst, limit.OnFailure);

    public LimitRule ToCore() => new(RatePerSecond, Burst, OnFailure);
}

/// <summary>A <see cref="Member"/>.</summary>
[GenerateSerializer, Immutable, Alias("fairway.Member")]
public sealed record MemberWire(
    [property: Id(0)] string Id,
    [property: Id(1)] string Address,
    [property: Id(2)] string Version)
{
    public static MemberWire From(Member member) => new(member.Id, member.Address, member.Version);

    public Member ToCore() => new(Id, Address, Version);
}
