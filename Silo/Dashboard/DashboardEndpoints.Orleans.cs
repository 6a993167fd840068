using Orleans.Dashboard;

namespace Fairway.Silo.Dashboard;

public static partial class DashboardEndpoints
{
    private static partial IEndpointConventionBuilder MapEngine(IEndpointRouteBuilder app) =>
        app.MapOrleansDashboard(Path).ExcludeFromDescription();
}
