using System.Buffers.Text;
using System.Net;
using System.Text;
using Fairway.Gateway.Auth.Tokens;
using Fairway.Gateway.Auth.Users;

namespace Fairway.Gateway.Tests.Streams;

/// <summary>Who is let in to streams: by header or cookie, and never without a good signature.</summary>
public sealed class TokenTests(StreamFixture fixture) : IClassFixture<StreamFixture>
{
    private StreamHost Host => fixture.Host;

    [Theory]
    [InlineData("POST", "/v1/streams")]
    [InlineData("GET", "/v1/streams/current/events")]
    [InlineData("POST", "/v1/streams/current/events")]
    [InlineData("GET", "/v1/streams/1/events")]
    [InlineData("GET", "/v1/streams/1")]
    [InlineData("POST", "/v1/streams/1/ack")]
    [InlineData("DELETE", "/v1/streams/1")]
    [InlineData("GET", "/v1/history")]
    [InlineData("POST", "/v1/session")]
    public async Task Call_WithoutGoodToken_Is401(string method, string path)
    {
        (await Host.Gateway.SendAsync(new HttpMethod(method), path, null, null)).AssertRefused(HttpStatusCode.Unauthorized, "TOKEN_REQUIRED");
        foreach (var token in BadTokens())
        {
            var answer = await new StreamUser(Host.Gateway.Client, token).SendAsync(new HttpMethod(method), path);
            answer.AssertRefused(HttpStatusCode.Unauthorized, "TOKEN_INVALID");
            Assert.DoesNotContain(token, answer.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Session_Cookie_StandsForTheToken()
    {
        var user = Host.NewUser();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/session");
        request.Headers.Authorization = new("Bearer", user.Token);
        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = Host.Gateway.Client.BaseAddress };
        using var response = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        var cookie = response.Headers.GetValues("Set-Cookie").Single();
        var parts = cookie.Split("; ");
        Assert.Equal($"{Users.Cookie}={user.Token}", parts[0]);
        Assert.Contains("path=/", parts);
        Assert.Contains("httponly", parts);
        Assert.Contains("samesite=strict", parts);
        Assert.InRange(int.Parse(parts.Single(part => part.StartsWith("max-age=", StringComparison.Ordinal))[8..], null), 3500, 3600);

        using var call = new HttpRequestMessage(HttpMethod.Get, "/v1/history");
        call.Headers.Add("Cookie", parts[0]);
        using var history = await client.SendAsync(call);
        Assert.Equal(HttpStatusCode.OK, history.StatusCode);

        using var renewal = new HttpRequestMessage(HttpMethod.Post, "/v1/session");
        renewal.Headers.Add("Cookie", parts[0]);
        using var refused = await client.SendAsync(renewal);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    private static IEnumerable<string> BadTokens()
    {
        var now = DateTimeOffset.UtcNow;
        var good = TokenMint.Hs256(StreamHost.Secret, "somebody", now.AddHours(1)).Split('.');
        yield return TokenMint.Hs256(StreamHost.Secret, "somebody", now.AddMinutes(-1));
        yield return TokenMint.Hs256("another secret", "somebody", now.AddHours(1));
        yield return $"{Base64Url.EncodeToString("""{"alg":"none"}"""u8)}.{good[1]}.";
        yield return $"{Base64Url.EncodeToString("""{"alg":"none"}"""u8)}.{good[1]}.{good[2]}";
        yield return $"{Base64Url.EncodeToString("""{"alg":"RS256","typ":"JWT"}"""u8)}.{good[1]}.{good[2]}";
        yield return $"{good[0]}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes("""{"sub":"root","exp":99999999999}"""))}.{good[2]}";
        yield return TokenMint.Hs256(StreamHost.Secret, "some\0body", now.AddHours(1));
        yield return "nonsense";
    }
}
