using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Fairway.Gateway.Auth.Tokens;
using Fairway.Testing;

namespace Fairway.Gateway.Tests.Auth;

[Trait("Engine", "any")]
public sealed class TokenValidatorTests : IDisposable
{
    private const string Secret = "correct horse battery staple";

    private readonly ManualClock _clock = new();
    private static readonly RSA Rsa = RSA.Create(2048);
    private readonly IReadOnlyList<TokenKey> _rsaKeys;

    public TokenValidatorTests()
    {
        var parameters = Rsa.ExportParameters(includePrivateParameters: false);
        _rsaKeys = TokenKey.ReadJwks(JsonSerializer.SerializeToUtf8Bytes(new
        {
            keys = new object[]
            {
                new { kty = "EC", crv = "P-256", x = "AA", y = "AA" },
                new { kty = "RSA", kid = "one", alg = "RS256", n = Base64Url.EncodeToString(parameters.Modulus), e = Base64Url.EncodeToString(parameters.Exponent) },
            },
        }));
    }

    private long Now => _clock.GetUtcNow().ToUnixTimeSeconds();

    [Fact]
    public void Validate_MintedToken_NamesItsUser()
    {
        var token = TokenMint.Hs256(Secret, "ann", _clock.GetUtcNow().AddHours(1));

        Assert.Equal("ann", Hs256().Validate(token, out _)?.Subject);
    }

    [Fact]
    public void Validate_Rs256_ChoosesKeyById()
    {
        var validator = new TokenValidator(_rsaKeys, _clock);

        Assert.Equal("ann", validator.Validate(Rs256("""{"alg":"RS256","kid":"one"}"""), out _)?.Subject);
        Assert.Equal("ann", validator.Validate(Rs256("""{"alg":"RS256"}"""), out _)?.Subject);
        Assert.Null(validator.Validate(Rs256("""{"alg":"RS256","kid":"two"}"""), out _));
    }

    [Fact]
    public void Validate_ClaimsOfTester_AreRead()
    {
        var user = Hs256().Validate(Sign($$"""{"sub":"ann","exp":{{Now + 60}},"lanes":["blue",7],"region":"eu"}"""), out _);

        Assert.Equal("blue", Assert.Single(user!.Lanes));
        Assert.Equal("eu", user.Region);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a.b")]
    [InlineData("a.b.c")]
    [InlineData("a.b.c.d")]
    [InlineData("!!.??.==")]
    public void Validate_NoToken_IsRefused(string token) => Refused(token, "not a signed JSON Web Token");

    [Theory]
    [InlineData("""{"alg":"none"}""")]
    [InlineData("""{"alg":"None"}""")]
    [InlineData("""{"alg":"RS256"}""")]
    [InlineData("""{"alg":"HS512"}""")]
    [InlineData("""{"alg":256}""")]
    [InlineData("""{}""")]
    [InlineData("""[]""")]
    [InlineData("""{"alg":"HS256","crit":["exp"]}""")]
    public void Validate_OtherAlgorithm_IsRefused(string header) =>
        Refused(Sign($$"""{"sub":"ann","exp":{{Now + 60}}}""", header), "not signed by a key");

    [Fact]
    public void Validate_NoneWithoutSignature_IsRefused()
    {
        var header = Base64Url.EncodeToString("""{"alg":"none"}"""u8);
        var claims = Base64Url.EncodeToString(Encoding.UTF8.GetBytes($$"""{"sub":"ann","exp":{{Now + 60}}}"""));

        Refused($"{header}.{claims}.", "not signed by a key");
    }

    [Fact]
    public void Validate_PublicRsaKeyAsHmacSecret_IsRefused()
    {
        var secret = Rsa.ExportSubjectPublicKeyInfoPem();
        var token = TokenMint.Hs256(secret, "ann", _clock.GetUtcNow().AddHours(1));

        Assert.Null(new TokenValidator(_rsaKeys, _clock).Validate(token, out _));
    }

    [Fact]
    public void Validate_ChangedClaims_IsRefused()
    {
        var parts = Sign($$"""{"sub":"ann","exp":{{Now + 60}}}""").Split('.');
        var other = Base64Url.EncodeToString(Encoding.UTF8.GetBytes($$"""{"sub":"bob","exp":{{Now + 60}}}"""));

        Refused($"{parts[0]}.{other}.{parts[2]}", "not signed by a key");
    }

    [Theory]
    [InlineData("""{"exp":99999999999}""")]
    [InlineData("""{"sub":"","exp":99999999999}""")]
    [InlineData("""{"sub":7,"exp":99999999999}""")]
    [InlineData("""{"sub":"ann"}""")]
    [InlineData("""{"sub":"ann","exp":"soon"}""")]
    [InlineData("""{"sub":"ann","exp":1e300}""")]
    [InlineData("""[]""")]
    public void Validate_RequiredClaimMissing_IsRefused(string claims) => Refused(Sign(claims), "lacks 'sub' or 'exp'");

    [Theory]
    [InlineData(@"ann\u0000")]
    [InlineData(@"\u0000")]
    [InlineData(@"ann\nbob")]
    [InlineData(@"\u007f")]
    [InlineData(@"ann\u0085")]
    public void Validate_SubjectWithControlCharacter_IsRefused(string subject) =>
        Refused(Sign($$"""{"sub":"{{subject}}","exp":{{Now + 60}}}"""), "has a control character");

    [Theory]
    [InlineData("ann smith")]
    [InlineData("анна|é😀")]
    public void Validate_SubjectOfOtherCharacters_IsTaken(string subject) =>
        Assert.Equal(subject, Hs256().Validate(Sign($$"""{"sub":"{{subject}}","exp":{{Now + 60}}}"""), out _)?.Subject);

    [Fact]
    public void Validate_TextThatIsNoUnicode_IsRefused()
    {
        const string Lone = @"\ud800";
        Refused(Sign($$"""{"sub":"{{Lone}}","exp":{{Now + 60}}}"""), "not a signed JSON Web Token");
        Refused(Sign($$"""{"sub":"ann","region":"{{Lone}}","exp":{{Now + 60}}}"""), "not a signed JSON Web Token");
        Refused(Sign($$"""{"sub":"ann","exp":{{Now + 60}}}""", $$"""{"alg":"{{Lone}}"}"""), "not a signed JSON Web Token");
    }

    [Theory]
    [InlineData(-29, true)]
    [InlineData(-30, false)]
    public void Validate_Expired_HasThirtySecondsLeeway(int secondsFromNow, bool accepted)
    {
        var user = Hs256().Validate(Sign($$"""{"sub":"ann","exp":{{Now + secondsFromNow}}}"""), out var reason);

        Assert.Equal(accepted, user is not null);
        Assert.Equal(accepted ? "" : "The token has expired.", reason);
    }

    [Fact]
    public void Validate_NotYetValid_IsRefused() =>
        Refused(Sign($$"""{"sub":"ann","exp":{{Now + 600}},"nbf":{{Now + 60}}}"""), "not valid yet");

    public void Dispose()
    {
        foreach (var key in _rsaKeys)
        {
            key.Dispose();
        }
    }

    private TokenValidator Hs256() => new([TokenKey.Hs256(Secret)], _clock);

    private void Refused(string token, string why)
    {
        Assert.Null(Hs256().Validate(token, out var reason));
        Assert.Contains(why, reason, StringComparison.Ordinal);
    }

    private static string Sign(string claims, string header = """{"alg":"HS256"}""")
    {
        var content = Content(header, claims);
        return $"{content}.{Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.ASCII.GetBytes(content)))}";
    }

    private string Rs256(string header)
    {
        var content = Content(header, $$"""{"sub":"ann","exp":{{Now + 60}}}""");
        return $"{content}.{Base64Url.EncodeToString(Rsa.SignData(Encoding.ASCII.GetBytes(content), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    private static string Content(string header, string claims) =>
        $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header))}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}";
}
