using System.Net;
using System.Net.Sockets;
using Fairway.Core.Directory;

namespace Fairway.Gateway.Http;

/// <summary>Reads and checks what stands in paths and queries.</summary>
public static class RequestReader
{
    /// <summary>A service in a path; reserved ones are refused.</summary>
    public static string Service(string name) => Unreserved(name, "service");

    /// <summary>A lane in a path; reserved ones are refused.</summary>
    public static string Lane(string name) => Unreserved(name, "lane");

    /// <summary>An instance in a path.</summary>
    public static string Instance(string name) => Name(name, "instance");

    /// <summary>A well-formed name, reserved or not.</summary>
    public static string Name(string name, string what) => Names.IsValid(name)
        ? name
        : throw new ApiException(400, "BAD_NAME", $"A {what} name is 1-128 of A-Za-z0-9._- and neither '.' nor '..'.");

    /// <summary><c>all</c>: <c>true</c> or <c>false</c>, absent is false.</summary>
    public static bool Flag(string field, string? value) => value switch
    {
        null or "false" => false,
        "true" => true,
        _ => throw ApiException.BadField(field, "must be true or false"),
    };

    /// <summary><c>k</c>: a positive integer, absent is no limit.</summary>
    public static int Limit(string field, string? value)
    {
        if (value is null)
        {
            return int.MaxValue;
        }

        if (value.Length == 0 || value.AsSpan().ContainsAnyExceptInRange('0', '9') || value.AsSpan().TrimStart('0').IsEmpty)
        {
            throw ApiException.BadField(field, "must be a positive integer");
        }

        return int.TryParse(value, out var limit) ? limit : int.MaxValue;
    }

    /// <summary>An <c>ip:port</c> in its one spelling: dotted IPv4 or <c>[IPv6]</c>, port 1-65535; null if it is none.</summary>
    public static string? Address(string? value)
    {
        if (value is null || value.Length > 64)
        {
            return null;
        }

        var colon = value.LastIndexOf(':');
        if (colon <= 0
            || value.AsSpan(colon + 1) is not { Length: > 0 and <= 5 } port
            || port.ContainsAnyExceptInRange('0', '9') || port[0] == '0'
            || !ushort.TryParse(port, out var number))
        {
            return null;
        }

        var host = value[..colon];
        if (host.StartsWith('[') && host.EndsWith(']'))
        {
            return !host.Contains('%') && IPAddress.TryParse(host.AsSpan(1, host.Length - 2), out var v6)
                && v6.AddressFamily == AddressFamily.InterNetworkV6
                ? new IPEndPoint(v6, number).ToString()
                : null;
        }

        // The parser also takes 1, 0x7f.1 and 010.0.0.1; an address has one spelling here.
        return IPAddress.TryParse(host, out var v4) && v4.AddressFamily == AddressFamily.InterNetwork && v4.ToString() == host
            ? value
            : null;
    }

    private static string Unreserved(string name, string what) => Names.IsReserved(Name(name, what))
        ? throw new ApiException(400, "NAME_RESERVED", $"'{name}' is a path of the Gateway or the edge and cannot name a {what}.")
        : name;
}
