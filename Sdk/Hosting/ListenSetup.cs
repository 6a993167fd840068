using Fairway.GrpcWire;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Hosting;

/// <summary>Opens the endpoints of the <see cref="ListenPlan"/>, and knows the probe's once it is bound.</summary>
internal sealed class ListenSetup(ListenPlan plan) : IConfigureOptions<KestrelServerOptions>
{
    private ListenOptions? _probe;

    /// <summary>The probe's port; 0 until it is bound, and when there is none.</summary>
    public int ProbePort => _probe?.IPEndPoint?.Port ?? 0;

    public void Configure(KestrelServerOptions options)
    {
        foreach (var endpoint in plan.Http)
        {
            options.Listen(endpoint.Address, endpoint.Port, listen =>
            {
                if (endpoint.Tls)
                {
                    listen.UseHttps();
                }
            });
        }

        if (plan.Probe is { } probe)
        {
            options.UseGrpcEndpoint(probe, listen => _probe = listen);
        }
    }
}
