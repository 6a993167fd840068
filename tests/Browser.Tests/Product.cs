using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Fairway.Gateway.Auth.Tokens;
using Fairway.Testing;

namespace Fairway.Browser.Tests;

/// <summary>The Gateway and the sample model as processes, on ports that stay the same over restarts of the Gateway.</summary>
public sealed class Product : IAsyncLifetime
{
    public const string Secret = "a secret that only browser tests know";

    private readonly TempFolder _data = new();
    private readonly int _port = FreePort.Next();
    private RealProcess? _model;
    private RealProcess? _gateway;
    private int _users;

    public string Url => $"http://127.0.0.1:{_port}";

    public string ModelUrl { get; private set; } = "";

    public HttpClient Http { get; } = new();

    public RealProcess Gateway => _gateway!;

    public async Task InitializeAsync()
    {
        _model = RealProcess.Dotnet("Fairway.Model.dll", "--port", "0");
        var ready = await _model.WaitForLineAsync(line => line.StartsWith("READY ", StringComparison.Ordinal), TimeSpan.FromMinutes(2));
        ModelUrl = ready["READY ".Length..].Trim();
        Http.BaseAddress = new Uri(Url);
        await StartGatewayAsync();
    }

    public async Task StartGatewayAsync()
    {
        _gateway = RealProcess.Dotnet(
            "Fairway.Gateway.dll", "--port", _port.ToString(CultureInfo.InvariantCulture), "--data", _data["data"], "--jwt-secret", Secret,
            $"--Models:demo:BaseUrl={ModelUrl}");
        await _gateway.WaitForLineAsync(line => line.StartsWith("READY ", StringComparison.Ordinal), TimeSpan.FromMinutes(2));
    }

    public async Task DisposeAsync()
    {
        Http.Dispose();
        foreach (var process in new[] { _gateway, _model })
        {
            if (process is not null)
            {
                await process.DisposeAsync();
            }
        }

        _data.Dispose();
    }

    /// <summary>The token of a user that no other test has.</summary>
    public string NewToken() => TokenMint.Hs256(
        Secret, $"user-{Interlocked.Increment(ref _users)}-{Guid.NewGuid():N}", TimeProvider.System.GetUtcNow().AddHours(1));

    /// <summary>Sets how the model answers from now on.</summary>
    public async Task SetKnobsAsync(double tokensPerSecond, int tokens = 0)
    {
        using var response = await Http.PutAsJsonAsync(new Uri($"{ModelUrl}/knobs"), new { tokensPerSecond, tokens, firstTokenMs = 0 });
        response.EnsureSuccessStatusCode();
    }

    /// <summary>A gauge or counter of the Gateway, all labels summed.</summary>
    public async Task<double> MetricAsync(string name)
    {
        var text = await Http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        return text.Split('\n')
            .Where(line => line.StartsWith(name + ' ', StringComparison.Ordinal) || line.StartsWith(name + '{', StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }

    public async Task<JsonElement> CallAsync(string token, HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Content = body is null ? null : JsonContent.Create(body);
        using var response = await Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement;
    }
}

/// <summary>What one answer of the sample model says.</summary>
internal static class Expected
{
    public static string Answer(string prompt, int tokens = 0) => string.Concat(Fairway.Model.Answers.To(prompt, tokens));
}
