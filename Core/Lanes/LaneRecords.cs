using System.Collections.Immutable;

namespace Fairway.Core.Lanes;

/// <summary>An entry of the environment list: the value under <c>lanes/{lane}</c>.</summary>
/// <param name="TtlSeconds">Life from <paramref name="CreatedAt"/>; null lives until removed.</param>
public sealed record LaneRecord(string Lane, string Owner, DateTimeOffset CreatedAt, int? TtlSeconds)
{
    public DateTimeOffset? ExpiresAt => TtlSeconds is { } ttl ? CreatedAt.AddSeconds(ttl) : null;
}

/// <summary>The colouring field: a lane declares its own version of a service, under <c>lanes/{lane}/services/{service}</c>.</summary>
/// <param name="DeclaredBy"><c>operator</c> or <c>registration</c>.</param>
/// <param name="OnConsumerDown"><c>park</c> or <c>base</c>: who takes the lane's messages while its consumer is down.</param>
public sealed record LaneDeclaration(string Service, string DeclaredBy, string OnConsumerDown);

/// <summary>Entry rules that send part of the users of a service down a lane: the value under <c>grey/{service}</c>.</summary>
public sealed record GreyRule
{
    /// <summary>The lane that users who match are given.</summary>
    public required string Target { get; init; }

    public string Salt { get; init; } = "";

    /// <summary>Switches the rule off at once, whatever else it says.</summary>
    public bool Kill { get; init; }

    /// <summary>User ids that always match.</summary>
    public ImmutableArray<string> Whitelist { get; init; } = [];

    public ImmutableArray<string> Regions { get; init; } = [];

    /// <summary>How many of 10,000 buckets of users match.</summary>
    public int RatioPer10000 { get; init; }
}
