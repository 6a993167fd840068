using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Fairway.Sdk.Options;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Hosting;

/// <summary>Where others reach this instance, as <c>ip:port</c>; known once the server listens.</summary>
internal sealed class PublishedAddresses(IServer server, ListenPlan plan, ListenSetup listeners, IOptions<FairwayOptions> options)
{
    /// <summary>The service's address, and the probe's where that is another; null when the server listens on no TCP port.</summary>
    /// <exception cref="InvalidOperationException">A host name to advertise does not resolve.</exception>
    public async Task<(string Service, string? Probe)?> ResolveAsync(CancellationToken cancellationToken)
    {
        var settings = options.Value;
        if (Bound() is not { } bound)
        {
            return null;
        }

        var advertised = Parse(settings.AdvertiseAddress);
        var address = advertised == null ? Reachable(bound.Address) : await advertised.ResolveAsync(cancellationToken);
        var service = new IPEndPoint(address, advertised?.Port ?? bound.Port).ToString();
        if (plan.Probe == null)
        {
            return (service, null);
        }

        var advertisedProbe = Parse(settings.AdvertiseProbeAddress);
        var probe = advertisedProbe != null ? await advertisedProbe.ResolveAsync(cancellationToken)
            : advertised != null ? address
            : Reachable(plan.Probe.Address);
        return (service, new IPEndPoint(probe, advertisedProbe?.Port ?? listeners.ProbePort).ToString());
    }

    private static HostAndPort? Parse(string? text) =>
        text != null && HostAndPort.TryParse(text, out var parsed) ? parsed : null;

    private IPEndPoint? Bound()
    {
        foreach (var url in server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [])
        {
            var parsed = BindingAddress.Parse(url);
            if (!parsed.IsUnixPipe && !parsed.IsNamedPipe && parsed.Port != listeners.ProbePort)
            {
                var address = IPAddress.TryParse(parsed.Host.Trim('[', ']'), out var ip) ? ip
                    : parsed.Host is "localhost" ? IPAddress.Loopback
                    : IPAddress.Any;
                return new IPEndPoint(address, parsed.Port);
            }
        }

        return null;
    }

    /// <summary>An address that listens on all interfaces stands for the one that reaches the registry.</summary>
    private IPAddress Reachable(IPAddress bound) =>
        !bound.Equals(IPAddress.Any) && !bound.Equals(IPAddress.IPv6Any) ? bound : TowardsRegistry() ?? OfAnInterface();

    /// <summary>Connecting a datagram socket sends nothing; the kernel only picks the source address.</summary>
    private IPAddress? TowardsRegistry()
    {
        foreach (var endpoint in options.Value.RegistryEndpoints.Select(text => new Uri(text)))
        {
            try
            {
                using var socket = new Socket(SocketType.Dgram, ProtocolType.Udp);
                socket.Connect(endpoint.DnsSafeHost, endpoint.Port);
                if (socket.LocalEndPoint is IPEndPoint local)
                {
                    return local.Address.IsIPv4MappedToIPv6 ? local.Address.MapToIPv4() : local.Address;
                }
            }
            catch (SocketException)
            {
                // This endpoint has no route or no name; the next may.
            }
        }

        return null;
    }

    private static IPAddress OfAnInterface() =>
        NetworkInterface.GetAllNetworkInterfaces()
            .Where(item => item.OperationalStatus == OperationalStatus.Up && item.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            .SelectMany(item => item.GetIPProperties().UnicastAddresses)
            .Select(item => item.Address)
            .FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork)
        ?? IPAddress.Loopback;
}
