using System.Buffers;

namespace Fairway.Core.Lanes;

/// <summary>
/// The form of an address in a label: <c>10.0.0.1:80</c> (four numbers of 0-255 without leading zeros) or <c>[::1]:80</c>
/// (2-45 of hexadecimal digits, colons and dots, with two colons at least), port 1-65535 without leading zeros. So simple that
/// every language decides alike; an address that is nobody's matches nobody.
/// </summary>
public static class IpPort
{
    private static readonly SearchValues<char> Ipv6Characters = SearchValues.Create("0123456789abcdefABCDEF:.");

    public static bool IsValid(ReadOnlySpan<char> address)
    {
        var colon = address.LastIndexOf(':');
        return colon > 0 && IsNumber(address[(colon + 1)..], 1, 65535) && IsHost(address[..colon]);
    }

    private static bool IsHost(ReadOnlySpan<char> host) => host is ['[', .. var inner, ']']
        ? inner.Length is >= 2 and <= 45 && !inner.ContainsAnyExcept(Ipv6Characters) && inner.Count(':') >= 2
        : IsIpv4(host);

    private static bool IsIpv4(ReadOnlySpan<char> host)
    {
        var parts = 0;
        foreach (var range in host.Split('.'))
        {
            if (++parts > 4 || !IsNumber(host[range], 0, 255))
            {
                return false;
            }
        }

        return parts == 4;
    }

    private static bool IsNumber(ReadOnlySpan<char> text, int from, int to)
    {
        if (text.Length is 0 or > 5 || (text.Length > 1 && text[0] == '0'))
        {
            return false;
        }

        var number = 0;
        foreach (var digit in text)
        {
            if (!char.IsAsciiDigit(digit))
            {
                return false;
            }

            number = (number * 10) + (digit - '0');
        }

        return number >= from && number <= to;
    }
}
