using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fairway.Cli;

/// <summary>One Gateway over HTTP. What it answers goes to standard output, a refusal's code and words to standard error.</summary>
internal sealed class GatewayClient(Uri gateway, string? adminKey) : IDisposable
{
    /// <summary>Exit code of a call that the Gateway refused.</summary>
    public const int Refused = 1;

    /// <summary>Exit code of a call that nobody answered.</summary>
    public const int Away = 2;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly HttpClient _http = new() { BaseAddress = gateway, Timeout = TimeSpan.FromSeconds(30) };

    public async Task<int> SendAsync(HttpMethod method, string path, JsonObject? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path);
        if (!string.IsNullOrEmpty(adminKey))
        {
            request.Headers.Add("x-admin-key", adminKey);
        }

        if (body is not null)
        {
            request.Content = JsonContent.Create(body);
        }

        try
        {
            using var response = await _http.SendAsync(request, cancellationToken);
            var answer = await response.Content.ReadAsStringAsync(cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                Console.WriteLine(Pretty(answer));
                return 0;
            }

            Console.Error.WriteLine(Reason(answer) ?? $"{(int)response.StatusCode} {response.ReasonPhrase}");
            return Refused;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            Console.Error.WriteLine($"{gateway} does not answer: {e.Message}");
            return Away;
        }
    }

    public void Dispose() => _http.Dispose();

    private static string Pretty(string answer) => JsonNode.Parse(answer)?.ToJsonString(Indented) ?? "";

    private static string? Reason(string answer)
    {
        try
        {
            return JsonNode.Parse(answer) is JsonObject problem && problem["code"] is { } code ? $"{code}: {problem["detail"]}" : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
