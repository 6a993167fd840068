using System.Globalization;
using System.Net;

namespace Fairway.Sdk.Lanes;

/// <summary>The hosts that labels may be sent to; immutable. This machine is always among them.</summary>
internal sealed class AllowedHosts
{
    private readonly HashSet<string> _hosts = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _suffixes = [];
    private readonly List<IPNetwork> _networks = [];

    /// <param name="rules">See <see cref="LaneOptions.AllowedHosts"/>; each passes <see cref="IsRule"/>.</param>
    public AllowedHosts(IEnumerable<string> rules)
    {
        foreach (var rule in rules)
        {
            if (rule.Contains('/'))
            {
                _networks.Add(IPNetwork.Parse(rule));
            }
            else if (rule.StartsWith("*.", StringComparison.Ordinal))
            {
                _suffixes.Add(rule[1..]);
            }
            else
            {
                _hosts.Add(rule);
            }
        }
    }

    /// <summary>Whether a rule can be understood.</summary>
    public static bool IsRule(string rule)
    {
        if (rule.Contains('/'))
        {
            return IPNetwork.TryParse(rule, out _);
        }

        var name = rule.StartsWith("*.", StringComparison.Ordinal) ? rule[2..] : rule;
        return name.Length > 0
            && Uri.TryCreate($"http://{(IPAddress.TryParse(name, out var ip) && ip.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 && name[0] != '[' ? $"[{name}]" : name)}", UriKind.Absolute, out var uri)
            && uri.PathAndQuery == "/" && uri.UserInfo.Length == 0 && uri.Host.Length > 0 && !name.Contains('*');
    }

    public bool Allows(Uri uri)
    {
        // A trailing dot only says that a name is complete.
        var host = uri.IdnHost.TrimEnd('.');
        if (IPAddress.TryParse(host, out var address))
        {
            address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
            if (IPAddress.IsLoopback(address) || _networks.Exists(network => network.Contains(address)))
            {
                return true;
            }
        }
        else if (string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)
            || _suffixes.Exists(suffix => host.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)))
        {
            return true;
        }

        return _hosts.Count > 0
            && (_hosts.Contains(host) || _hosts.Contains(string.Create(CultureInfo.InvariantCulture, $"{host}:{uri.Port}"))
                || (host.Contains(':') && _hosts.Contains(string.Create(CultureInfo.InvariantCulture, $"[{host}]:{uri.Port}"))));
    }
}
