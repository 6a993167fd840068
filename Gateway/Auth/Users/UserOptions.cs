using System.Security.Cryptography;
using System.Text.Json;
using Fairway.Gateway.Auth.Tokens;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Auth.Users;

/// <summary>Section <c>Auth</c>: the keys that users' tokens are verified with. Without any, an HS256 secret is made up at start.</summary>
public sealed class UserOptions
{
    /// <summary>Secret of HS256 tokens; its UTF-8 bytes are the key.</summary>
    public string? Hs256Secret { get; set; }

    /// <summary>A file with a JSON Web Key Set (RFC 7517) whose RSA keys verify RS256 tokens.</summary>
    public string? JwksFile { get; set; }
}

internal sealed class UserOptionsValidator : IValidateOptions<UserOptions>
{
    public ValidateOptionsResult Validate(string? name, UserOptions options)
    {
        if (string.IsNullOrEmpty(options.JwksFile))
        {
            return ValidateOptionsResult.Success;
        }

        try
        {
            return TokenKey.ReadJwks(File.ReadAllBytes(options.JwksFile)).Count > 0
                ? ValidateOptionsResult.Success
                : ValidateOptionsResult.Fail($"Auth:JwksFile '{options.JwksFile}' has no RSA signature key.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException or CryptographicException or FormatException)
        {
            return ValidateOptionsResult.Fail($"Auth:JwksFile '{options.JwksFile}' cannot be used: {error.Message}");
        }
    }
}
