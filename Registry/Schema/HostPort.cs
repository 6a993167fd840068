using System.Buffers;
using System.Globalization;

namespace Fairway.Registry.Schema;

/// <summary>The form of an address: <c>10.0.0.1:80</c>, <c>[::1]:80</c> or <c>host.name:80</c>, at most 260 characters.</summary>
public static class HostPort
{
    private const int MaxLength = 260;

    private static readonly SearchValues<char> HostCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    private static readonly SearchValues<char> Ipv6Characters = SearchValues.Create("0123456789abcdefABCDEF:.");

    public static bool IsValid(string? address)
    {
        if (address is not { Length: > 2 and <= MaxLength } || address.LastIndexOf(':') is not (> 0 and var colon))
        {
            return false;
        }

        var host = address.AsSpan(0, colon);
        var hostIsValid = host is ['[', .. var inner, ']']
            ? inner.Length > 1 && !inner.ContainsAnyExcept(Ipv6Characters)
            : !host.ContainsAnyExcept(HostCharacters);
        return hostIsValid
            && int.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port is > 0 and <= 65535;
    }
}
