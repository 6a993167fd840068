using Fairway.Sdk.Load;
using Fairway.Sdk.Options;
using Fairway.Sdk.Probing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Hosting;

/// <summary>
/// Puts the meter outermost, so that it sees what the service's own middleware does, and the probe beside it:
/// what comes in on the probe's port passes none of the service's middleware and counts in no figure.
/// </summary>
internal sealed class PipelineSetup(
    ListenSetup listeners, ListenPlan plan, RequestMeter meter, LoadHeader header, ProbeEndpoints probe, IOptions<FairwayOptions> options)
    : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        if (plan.Http.Length > 0)
        {
            // Opened by code already; left in place, Kestrel would warn that it overrides them.
            app.ServerFeatures.Get<IServerAddressesFeature>()?.Addresses.Clear();
        }

        if (plan.Probe != null)
        {
            app.MapWhen(
                context => context.Connection.LocalPort == listeners.ProbePort && listeners.ProbePort != 0, // 0: bound to no port
                branch => branch.UseRouting().UseEndpoints(probe.Map));
        }

        var inBand = options.Value.InBandLoad ? header : null;
        app.Use(request => new RequestMeterMiddleware(request, meter, inBand).InvokeAsync);
        next(app);
    };
}
