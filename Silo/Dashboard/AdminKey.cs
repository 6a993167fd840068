using System.Security.Cryptography;
using System.Text;

namespace Fairway.Silo.Dashboard;

/// <summary>The operator's key of a process; without one nobody is let in.</summary>
internal sealed class AdminKey(string? key)
{
    private readonly byte[]? _digest = string.IsNullOrEmpty(key) ? null : Digest(key);

    /// <summary>In constant time.</summary>
    public bool Is(string candidate) => _digest is not null && CryptographicOperations.FixedTimeEquals(_digest, Digest(candidate));

    private static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
