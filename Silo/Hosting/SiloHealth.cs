using Fairway.Silo.Membership;

namespace Fairway.Silo.Hosting;

/// <summary>Whether this process is on its way out.</summary>
internal sealed class LeaveState
{
    private volatile bool _isLeaving;

    public bool IsLeaving => _isLeaving;

    public void Begin() => _isLeaving = true;
}

/// <summary>Whether the process lives, and whether its silo takes part in the cluster.</summary>
internal static class SiloHealth
{
    public static void MapSiloHealth(this IEndpointRouteBuilder app)
    {
        app.MapGet("/healthz", () => TypedResults.Json(new HealthDocument("ok")));
        app.MapGet("/readyz", (IMembershipView membership, LeaveState leave) =>
        {
            var isReady = membership.IsActive && !leave.IsLeaving;
            return TypedResults.Json(
                new SiloReadyDocument(isReady ? "ready" : "not ready", leave.IsLeaving ? "Leaving" : membership.State, membership.Silos),
                statusCode: isReady ? 200 : 503);
        });
    }
}

/// <summary>The answer of <c>/healthz</c>.</summary>
public sealed record HealthDocument(string Status);

/// <summary>The answer of <c>/readyz</c>.</summary>
/// <param name="Silo">The state of this silo in the engine's word, or <c>Leaving</c>.</param>
/// <param name="Cluster">Silos by their state, as this one sees them.</param>
public sealed record SiloReadyDocument(string Status, string Silo, IReadOnlyDictionary<string, int> Cluster);
