using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Auth;

/// <summary>What a call needs to be let in.</summary>
public enum KeyKind
{
    /// <summary>Nothing on this machine; from elsewhere a registrar or admin key.</summary>
    Read,

    /// <summary>A registrar or admin key.</summary>
    Registrar,

    /// <summary>The admin key.</summary>
    Admin,
}

/// <summary>Checks keys in constant time.</summary>
public sealed class Keys
{
    public const string AdminHeader = "x-admin-key";
    public const string RegistrarHeader = "x-registrar-key";

    private readonly byte[] _admin;
    private readonly byte[]? _registrar;
    private readonly bool _openReads;

    public Keys(IOptions<AuthOptions> options)
    {
        var auth = options.Value;
        MadeUpAdminKey = string.IsNullOrEmpty(auth.AdminKey) ? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)) : null;
        _admin = Digest(MadeUpAdminKey ?? auth.AdminKey!);
        _registrar = string.IsNullOrEmpty(auth.RegistrarKey) ? null : Digest(auth.RegistrarKey);
        _openReads = auth.OpenReads;
    }

    /// <summary>The admin key when none was configured, to be told to who started the Gateway; else null.</summary>
    public string? MadeUpAdminKey { get; }

    public bool IsAdmin(string key) => CryptographicOperations.FixedTimeEquals(Digest(key), _admin);

    public bool Admits(HttpContext context, KeyKind kind) =>
        (kind == KeyKind.Read && (_openReads || IsLoopback(context.Connection.RemoteIpAddress)))
        || Holds(context, AdminHeader, _admin)
        || (kind != KeyKind.Admin && _registrar is not null && Holds(context, RegistrarHeader, _registrar));

    private static bool IsLoopback(IPAddress? address) => address is null || IPAddress.IsLoopback(address);

    private static bool Holds(HttpContext context, string header, byte[] digest) =>
        context.Request.Headers.TryGetValue(header, out var value) && value.Count == 1
        && CryptographicOperations.FixedTimeEquals(Digest(value[0] ?? ""), digest);

    private static byte[] Digest(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
