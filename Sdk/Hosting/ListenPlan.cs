using System.Net;
using Fairway.Core.Directory;
using Fairway.Sdk.Options;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Hosting;

/// <summary>One HTTP endpoint to open.</summary>
internal readonly record struct HttpEndpoint(IPAddress Address, int Port, bool Tls);

/// <summary>
/// Which endpoints to open. The probe's gRPC needs a port of its own, and Kestrel ignores <c>urls</c> once an
/// endpoint is opened by code, so those are opened by code too.
/// </summary>
internal sealed class ListenPlan
{
    public ListenPlan(IOptions<FairwayOptions> options, IConfiguration configuration)
    {
        var settings = options.Value;
        var address = settings.Address is { } text ? IPAddress.Parse(text) : null;
        if (settings.Port is { } port)
        {
            Http = [new HttpEndpoint(address ?? IPAddress.Loopback, port, settings.Protocol is "https" or "grpcs")];
        }
        else if (configuration.GetSection("Kestrel:Endpoints").GetChildren().Any())
        {
            Http = []; // Kestrel opens those itself
        }
        else
        {
            Http = [.. Urls(configuration).Select(Parse)];
            if (Http.Length == 0)
            {
                Http = [new HttpEndpoint(address ?? IPAddress.Loopback, 0, false)];
            }
        }

        if (settings.Probe is Probes.Orca or Probes.GrpcHealth)
        {
            Probe = new IPEndPoint(address ?? (Http.Length > 0 ? Http[0].Address : IPAddress.Loopback), settings.ProbePort);
        }
    }

    public HttpEndpoint[] Http { get; }

    /// <summary>Null when the probe needs no gRPC.</summary>
    public IPEndPoint? Probe { get; }

    private static IEnumerable<string> Urls(IConfiguration configuration)
    {
        const StringSplitOptions trimmed = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        if (configuration["urls"] is { Length: > 0 } urls)
        {
            return urls.Split(';', trimmed);
        }

        return (configuration["http_ports"] ?? "").Split(';', trimmed).Select(port => $"http://*:{port}")
            .Concat((configuration["https_ports"] ?? "").Split(';', trimmed).Select(port => $"https://*:{port}"));
    }

    private static HttpEndpoint Parse(string url)
    {
        var parsed = BindingAddress.Parse(url);
        var address = parsed.Host is "localhost" ? IPAddress.Loopback
            : IPAddress.TryParse(parsed.Host.Trim('[', ']'), out var ip) ? ip
            : IPAddress.Any;
        return new HttpEndpoint(address, parsed.Port, parsed.Scheme == "https");
    }
}
