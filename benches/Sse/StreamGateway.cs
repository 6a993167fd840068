using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Fairway.Gateway.Auth.Tokens;
using Fairway.Product;
using Fairway.Testing;

namespace Fairway.Sse;

/// <summary>A Gateway of its own process whose one model is the bench's feed.</summary>
internal sealed class StreamGateway : IAsyncDisposable
{
    private const string Secret = "what the benches sign their tokens with";

    private readonly TempFolder _folder;
    private readonly HttpClient _http;

    private StreamGateway(TempFolder folder, RealProcess process, Uri url)
    {
        (_folder, Process, Url) = (folder, process, url);
        _http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 64, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(2) })
        {
            BaseAddress = url,
            Timeout = TimeSpan.FromSeconds(60),
        };
    }

    public RealProcess Process { get; }

    public Uri Url { get; }

    public HttpClient Http => _http;

    public static Task<StreamGateway> StartAsync(Feed feed, params string[] options) => StartAsync("Gateway", [], feed, options);

    /// <param name="program">The product's, or this one as its host.</param>
    public static async Task<StreamGateway> StartAsync(string program, string[] first, Feed feed, params string[] options)
    {
        var folder = new TempFolder();
        string[] arguments =
        [
            .. first, "--port", "0", "--data", folder["gateway"], "--jwt-secret", Secret,
            $"--Models:feed:BaseUrl={feed.Url}v1", "--Models:feed:IdleTimeoutSeconds=3600",
            "--Streams:MaxConcurrent=10000", "--Streams:QueueLength=200000", "--Streams:UnreadSeconds=3600", .. options,
        ];
        var (process, url) = await ProductProcess.StartAsync(program, arguments);
        return new StreamGateway(folder, process, url);
    }

    public static string Token(string user) => TokenMint.Hs256(Secret, user, DateTimeOffset.UtcNow.AddHours(2));

    /// <summary>Asks for a stream of the feed, and returns the path of its events.</summary>
    public async Task<string> AskAsync(string token, int feed)
    {
        using var response = await PostAsync(token, $$"""{"messages":[{"role":"user","content":"x"}],"feed":{{feed}}}""");
        var body = await response.Content.ReadAsStringAsync();
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"{(int)response.StatusCode} {body}");
        }

        using var json = JsonDocument.Parse(body);
        return json.RootElement.GetProperty("events").GetString()!;
    }

    public async Task<HttpResponseMessage> PostAsync(string token, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/streams") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await _http.SendAsync(request);
    }

    /// <summary>A figure of <c>/metrics</c>, summed over its labels.</summary>
    public async Task<double> MetricAsync(string name) =>
        (await _http.GetStringAsync(new Uri("/metrics", UriKind.Relative))).Split('\n')
            .Where(line => line.StartsWith(name, StringComparison.Ordinal))
            .Sum(line => double.Parse(line.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture));

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Process.DisposeAsync();
        _folder.Dispose();
    }
}
