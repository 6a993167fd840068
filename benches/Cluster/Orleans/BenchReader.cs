using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Fairway.Cluster;

/// <summary>A user who asks at one Gateway and reads at another, and notes when each frame came.</summary>
internal sealed class BenchReader(string user)
{
    /// <summary>All Gateways of the bench have it.</summary>
    public const string Secret = "a secret of the bench, 32 bytes long at least";

    private readonly Lock _gate = new();
    private readonly List<(long At, string Event)> _frames = [];
    private readonly AuthenticationHeaderValue _token = new("Bearer", Mint(user));

    public string User => user;

    /// <summary>Frames so far.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _frames.Count;
            }
        }
    }

    public async Task<string> AskAsync(HttpClient http, Uri gateway, int tokens, int perSecond)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(gateway, "/v1/streams"));
        request.Headers.Authorization = _token;
        request.Content = JsonContent.Create(new
        {
            model = "demo",
            messages = new[] { new { role = "user", content = "go" } },
            knobs = new { tokens, tokensPerSecond = perSecond },
        });
        using var response = await http.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("version").GetString()!;
    }

    /// <summary>Completes at the end of the response, with the name of the last event.</summary>
    public async Task<string> ReadAsync(HttpClient http, Uri gateway, string version)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(gateway, $"/v1/streams/{version}/events"));
        request.Headers.Authorization = _token;
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        var last = "";
        await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync())
        {
            if (item.EventId is null)
            {
                continue;
            }

            last = item.EventType;
            lock (_gate)
            {
                _frames.Add((Stopwatch.GetTimestamp(), last));
            }
        }

        return last;
    }

    /// <summary>Milliseconds from a moment to the frame that ended the longest silence after it.</summary>
    public double UntilResumed(long moment)
    {
        lock (_gate)
        {
            var times = _frames.Select(frame => frame.At).Where(at => at > moment).Prepend(moment).ToList();
            var longest = Enumerable.Range(1, times.Count - 1).MaxBy(index => times[index] - times[index - 1]);
            return Stopwatch.GetElapsedTime(moment, times[longest]).TotalMilliseconds;
        }
    }

    /// <summary>Milliseconds from a moment to the last frame.</summary>
    public double UntilEnded(long moment)
    {
        lock (_gate)
        {
            return Stopwatch.GetElapsedTime(moment, _frames[^1].At).TotalMilliseconds;
        }
    }

    private static string Mint(string user)
    {
        var content = $"{Base64(Encoding.UTF8.GetBytes("""{"alg":"HS256","typ":"JWT"}"""))}.{Base64(JsonSerializer.SerializeToUtf8Bytes(new { sub = user, exp = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds() }))}";
        return $"{content}.{Base64(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.ASCII.GetBytes(content)))}";
    }

    private static string Base64(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
}
