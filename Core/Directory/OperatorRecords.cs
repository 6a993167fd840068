namespace Fairway.Core.Directory;

/// <summary>An address taken out of service by an operator or its own shutdown: the value under <c>offline/{ip:port}</c>.</summary>
public sealed record OfflineMark(string Address, string Author, string Reason, DateTimeOffset? ExpiresAt);

/// <summary>A token bucket a user: the value under <c>limits/{service}</c>.</summary>
/// <param name="OnFailure"><c>open</c> or <c>closed</c>: what the edge does when its store is away.</param>
public sealed record LimitRule(double RatePerSecond, double Burst, string OnFailure);

/// <summary>A process that serves the cluster: the value under <c>exporters/</c>, <c>gateways/</c> and <c>edges/</c>.</summary>
public sealed record Member(string Id, string Address, string Version);
