using System.Net;
using System.Text.Json;
using Fairway.Core.Directory;
using Fairway.Gateway.Directory;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fairway.Gateway.Tests;

/// <summary>The Gateway's lists over real HTTP, their directory written by the test.</summary>
public sealed class DirectoryHost : IAsyncDisposable
{
    public const string AdminKey = "admin-for-tests";
    public const string RegistrarKey = "registrar-for-tests";

    private readonly WebApplication _app;

    private DirectoryHost(WebApplication app)
    {
        _app = app;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()), Timeout = TimeSpan.FromSeconds(30) };
    }

    public HttpClient Client { get; }

    public DirectoryStore Store => _app.Services.GetRequiredService<DirectoryStore>();

    public static async Task<DirectoryHost> StartAsync(TimeProvider? clock = null)
    {
        var app = GatewayApp.Build(["--urls=http://127.0.0.1:0", $"--Auth:AdminKey={AdminKey}", $"--Auth:RegistrarKey={RegistrarKey}"], builder =>
        {
            builder.Logging.ClearProviders();
            builder.Services.RemoveAll<IHostedService>(); // no registry, no engine, no feed
            builder.Services.AddSingleton(clock ?? TimeProvider.System);
        });
        await app.StartAsync();
        return new DirectoryHost(app);
    }

    public void Show(params ServiceSnapshot[] services) =>
        Store.Apply(new DirectoryChange(DateTimeOffset.UtcNow) { Services = [.. services], Ready = true });

    public Task StopAsync() => _app.StopAsync();

    public async Task<Answer> GetAsync(string path, string? ifNoneMatch = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (ifNoneMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-None-Match", ifNoneMatch);
        }

        using var response = await Client.SendAsync(request);
        return await Answer.ReadAsync(response);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}

/// <summary>A response, read.</summary>
public sealed record Answer(HttpStatusCode Status, string? ContentType, string? ETag, string Text)
{
    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    /// <summary>Seconds of <c>Retry-After</c>.</summary>
    public double? RetryAfter { get; init; }

    public string? Code => Json.GetProperty("code").GetString();

    public static async Task<Answer> ReadAsync(HttpResponseMessage response) => new(
        response.StatusCode,
        response.Content.Headers.ContentType?.MediaType,
        response.Headers.ETag?.ToString(),
        await response.Content.ReadAsStringAsync())
    {
        RetryAfter = response.Headers.RetryAfter?.Delta?.TotalSeconds,
    };

    /// <summary>Asserts a refusal: status, code, and the shape of problem details.</summary>
    public void AssertRefused(HttpStatusCode status, string code)
    {
        Assert.Equal((status, code), (Status, Text.Length > 0 ? Code : null));
        Assert.Equal("application/problem+json", ContentType);
        Assert.Equal((int)status, Json.GetProperty("status").GetInt32());
        Assert.NotEqual("", Json.GetProperty("title").GetString());
        Assert.NotEqual("", Json.GetProperty("detail").GetString());
    }
}
