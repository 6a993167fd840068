using Fairway.Core.Directory;

namespace Fairway.Gateway.BestList;

/// <summary>The answer of <c>GET /v1/members</c>: who is there, as the registry has it; each under a lease of its own.</summary>
public sealed record MembersDocument(IReadOnlyList<Member> Exporters, IReadOnlyList<Member> Gateways, IReadOnlyList<Member> Edges)
{
    public static MembersDocument Of(DirectoryTables tables) => new(tables.Exporters, tables.Gateways, tables.Edges);
}
