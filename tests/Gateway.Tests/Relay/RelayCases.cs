using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Fairway.Gateway.Tests.Streams;

namespace Fairway.Gateway.Tests.Relay;

/// <summary>What tests of the relay ask and expect, whichever of its APIs they call.</summary>
internal static class RelayCases
{
    /// <summary>A call of which more than the body of the answer is looked at.</summary>
    public static HttpRequestMessage Post(StreamUser user, string path, string body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", user.Token);
        return request;
    }

    public static void AssertError(Answer answer, int status, string code, string type, string? param = null)
    {
        Assert.True((int)answer.Status == status, $"{answer.Status} {answer.Text}");
        Assert.Equal("application/json", answer.ContentType);
        var error = answer.Json.GetProperty("error");
        Assert.Equal(["message", "type", "code", "param"], error.EnumerateObject().Select(field => field.Name));
        Assert.Equal((code, type, param), (error.GetProperty("code").GetString(), error.GetProperty("type").GetString(), error.GetProperty("param").GetString()));
        Assert.NotEqual("", error.GetProperty("message").GetString());
    }

    public static void AssertJson(string expected, string actual)
    {
        using var one = JsonDocument.Parse(expected);
        using var other = JsonDocument.Parse(actual);
        Assert.True(JsonElement.DeepEquals(one.RootElement, other.RootElement), actual);
    }
}
