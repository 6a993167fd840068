using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Fairway.Sdk.Options;

/// <summary><c>host</c>, <c>host:port</c>, <c>1.2.3.4:80</c> or <c>[::1]:80</c>.</summary>
internal sealed record HostAndPort(string Host, int? Port)
{
    public static bool TryParse(string text, out HostAndPort result)
    {
        result = new HostAndPort(text, null);
        var bracketed = text.StartsWith('[');
        if ((!bracketed || text.EndsWith(']')) && IPAddress.TryParse(text.Trim('[', ']'), out var address))
        {
            result = new HostAndPort(address.ToString(), null);
            return true;
        }

        var colon = text.LastIndexOf(':');
        if (colon < 0)
        {
            return Uri.CheckHostName(text) == UriHostNameType.Dns;
        }

        if (!int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || port is 0 or > IPEndPoint.MaxPort)
        {
            return false;
        }

        result = new HostAndPort(text[..colon].Trim('[', ']'), port);
        return Uri.CheckHostName(result.Host) != UriHostNameType.Unknown;
    }

    /// <summary>The IP address to publish: IPv4 where the name has one.</summary>
    /// <exception cref="InvalidOperationException">The name does not resolve.</exception>
    public async Task<IPAddress> ResolveAsync(CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(Host, out var address))
        {
            return address;
        }

        try
        {
            var found = await Dns.GetHostAddressesAsync(Host, cancellationToken);
            return found.OrderBy(candidate => candidate.AddressFamily).First();
        }
        catch (Exception failure) when (failure is SocketException or InvalidOperationException)
        {
            throw new InvalidOperationException($"BAD_FIELD: Fairway:AdvertiseAddress names '{Host}', which does not resolve to an address.", failure);
        }
    }
}
