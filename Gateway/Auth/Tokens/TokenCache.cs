using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Fairway.Gateway.Auth.Tokens;

/// <summary>
/// Tokens whose signature was found good lately, so that a user's next call costs no verification. Bounded: the last
/// <see cref="Capacity"/> used stay, and at most as many before them. What depends on the time is for the caller to look at.
/// </summary>
internal sealed class TokenCache
{
    public const int Capacity = 1024;

    /// <summary>Longer tokens are verified each time.</summary>
    public const int MaxLength = 2048;

    private readonly Lock _gate = new();
    private ConcurrentDictionary<string, UserToken> _young = New();
    private ConcurrentDictionary<string, UserToken> _old = New();

    public bool TryGet(ReadOnlySpan<char> token, [NotNullWhen(true)] out UserToken? found)
    {
        if (_young.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(token, out found))
        {
            return true;
        }

        if (!_old.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(token, out var text, out found))
        {
            return false;
        }

        Add(text, found);
        return true;
    }

    public void Add(string token, UserToken verified)
    {
        if (token.Length > MaxLength)
        {
            return;
        }

        lock (_gate)
        {
            if (_young.Count >= Capacity)
            {
                (_old, _young) = (_young, New());
            }

            _young[token] = verified;
        }
    }

    private static ConcurrentDictionary<string, UserToken> New() => new(StringComparer.Ordinal);
}
