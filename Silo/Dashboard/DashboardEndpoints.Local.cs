namespace Fairway.Silo.Dashboard;

public static partial class DashboardEndpoints
{
    /// <summary>There is none; <c>GET /v1/grains</c> tells what runs on either engine.</summary>
    private static partial IEndpointConventionBuilder MapEngine(IEndpointRouteBuilder app) => app
        .MapGet($"{Path}/{{**rest}}", context => RefuseAsync(
            context, 404, EngineException.IsLocal, "The dashboard is the engine's 'orleans'; this process runs on 'local'. GET /v1/grains shows its grains."))
        .ExcludeFromDescription();
}
