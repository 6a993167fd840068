using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Fairway.Gateway.Auth.Tokens;

namespace Fairway.Gateway.Tests.Streams;

/// <summary>A user of the Gateway's streams.</summary>
public sealed class StreamUser(HttpClient client, string token)
{
    public string Token => token;

    /// <summary>A user of this <c>sub</c>, with a token that holds for an hour of real time.</summary>
    public static StreamUser Of(HttpClient client, string subject) =>
        new(client, TokenMint.Hs256(StreamHost.Secret, subject, DateTimeOffset.UtcNow.AddHours(1)));

    /// <summary>A request body; <paramref name="knobs"/> go to the model.</summary>
    public static string Body(string prompt, string knobs = "{}", string? conversation = null) =>
        $$"""{"model":"demo",{{(conversation is null ? "" : $"\"conversation\":\"{conversation}\",")}}"messages":[{"role":"user","content":"{{prompt}}"}],"knobs":{{knobs}}}""";

    /// <summary>Posts a prompt, expects 202, and returns the version.</summary>
    public async Task<string> AskAsync(string prompt, string knobs = "{}", string? conversation = null)
    {
        var answer = await SendAsync(HttpMethod.Post, "/v1/streams", Body(prompt, knobs, conversation));
        Assert.True(answer.Status == HttpStatusCode.Accepted, answer.Text);
        return answer.Json.GetProperty("version").GetString()!;
    }

    public async Task<Answer> SendAsync(HttpMethod method, string path, string? body = null, params (string Name, string Value)[] headers)
    {
        using var request = Request(method, path, headers);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        using var response = await client.SendAsync(request);
        return await Answer.ReadAsync(response);
    }

    public Task<Answer> AcknowledgeAsync(string version) => SendAsync(HttpMethod.Post, $"/v1/streams/{version}/ack");

    public async Task<string> StateAsync(string version) =>
        (await SendAsync(HttpMethod.Get, $"/v1/streams/{version}")).Json.GetProperty("state").GetString()!;

    public async Task<SseConnection> FollowAsync(string versionOrCurrent, string? lastEventId = null, HttpMethod? method = null)
    {
        using var request = Request(method ?? HttpMethod.Get, $"/v1/streams/{versionOrCurrent}", []);
        if (!versionOrCurrent.Contains("/events", StringComparison.Ordinal))
        {
            request.RequestUri = new Uri($"/v1/streams/{versionOrCurrent}/events", UriKind.Relative);
        }

        if (lastEventId is not null)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId);
        }

        return new SseConnection(await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead));
    }

    private HttpRequestMessage Request(HttpMethod method, string path, (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }
}
