using System.Collections.Immutable;

namespace Fairway.Gateway.Auth.Tokens;

/// <summary>What a verified token says of its bearer.</summary>
/// <param name="Subject">Claim <c>sub</c>: the user.</param>
/// <param name="ExpiresAt">Claim <c>exp</c>.</param>
/// <param name="Lanes">Claim <c>lanes</c>: lanes a tester may ask for; empty for everybody else.</param>
/// <param name="Region">Claim <c>region</c>.</param>
public sealed record UserToken(string Subject, DateTimeOffset ExpiresAt, ImmutableArray<string> Lanes, string? Region);
