using System.Security.Cryptography;
using Fairway.Gateway.Auth.Tokens;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Fairway.Gateway.Auth.Users;

/// <summary>Finds out on whose behalf a call is made: by <c>Authorization: Bearer</c>, else by the session cookie.</summary>
public sealed class Users
{
    /// <summary>The session cookie; its value is the user's token.</summary>
    public const string Cookie = "fairway_session";

    /// <summary>The <c>sub</c> of the token that is printed at start.</summary>
    public const string DemoSubject = "demo";

    private const string Scheme = "Bearer ";
    private static readonly TimeSpan DemoLife = TimeSpan.FromHours(24);

    private readonly TokenCache _verified = new();
    private readonly TokenValidator _validator;
    private readonly string? _secret;
    private readonly TimeProvider _clock;

    public Users(IOptions<UserOptions> options, TimeProvider clock)
    {
        var (secret, file) = (options.Value.Hs256Secret, options.Value.JwksFile);
        if (string.IsNullOrEmpty(secret) && string.IsNullOrEmpty(file))
        {
            secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        }

        List<TokenKey> keys = [];
        if (!string.IsNullOrEmpty(secret))
        {
            keys.Add(TokenKey.Hs256(secret));
            _secret = secret;
        }

        if (!string.IsNullOrEmpty(file))
        {
            keys.AddRange(TokenKey.ReadJwks(File.ReadAllBytes(file)));
        }

        _validator = new TokenValidator(keys, clock);
        _clock = clock;
    }

    /// <summary>A token of the demo user, good for 24 hours; null where only an issuer elsewhere can sign.</summary>
    public string? MintDemoToken() => _secret is null ? null : TokenMint.Hs256(_secret, DemoSubject, _clock.GetUtcNow() + DemoLife);

    /// <summary>The token that the call carries in its header; null when it carries none.</summary>
    public static string? Bearer(HttpRequest request) => TryBearer(request, out var token) ? token.ToString() : null;

    /// <summary>What the call's token says; null with the code and words of the refusal.</summary>
    public UserToken? Find(HttpRequest request, out string code, out string detail)
    {
        var token = TryBearer(request, out var bearer) ? bearer : request.Cookies[Cookie];
        if (token.IsEmpty)
        {
            (code, detail) = ("TOKEN_REQUIRED", $"This call needs the header {HeaderNames.Authorization}: Bearer, or the session cookie.");
            return null;
        }

        (code, detail) = ("TOKEN_INVALID", "");
        if (_verified.TryGet(token, out var known) && _clock.GetUtcNow() < known.ExpiresAt)
        {
            return known;
        }

        var text = token.ToString();
        var verified = _validator.Validate(text, out detail);
        if (verified is not null)
        {
            _verified.Add(text, verified);
        }

        return verified;
    }

    private static bool TryBearer(HttpRequest request, out ReadOnlySpan<char> token)
    {
        var found = request.Headers.Authorization is [{ } value] && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? value : null;
        token = found is null ? default : found.AsSpan(Scheme.Length).Trim();
        return found is not null;
    }
}
