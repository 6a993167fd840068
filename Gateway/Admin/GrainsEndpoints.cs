using Fairway.Gateway.Auth;
using Fairway.Gateway.Http;
using Fairway.Silo.Inspection;

namespace Fairway.Gateway.Admin;

/// <summary>What the engine runs.</summary>
public static class GrainsEndpoints
{
    public static IEndpointRouteBuilder MapAdmin(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/grains", async (IGrainInspector inspector, CancellationToken cancellationToken) =>
                TypedResults.Json(await inspector.InspectAsync(cancellationToken)))
            .NeedsKey(KeyKind.Read).WithTags("admin").WithName("grains").WithSummary("Count active grains by type and silo, and their calls a second")
            .Produces<GrainOverview>().Refuses(401);
        return app;
    }
}
