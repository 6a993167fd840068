using System.Net;
using System.Text;
using Fairway.Gateway.Directory;
using Fairway.Registry;
using Fairway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fairway.Gateway.Tests;

/// <summary>The whole Gateway in this process: engine, embedded registry and HTTP on free loopback ports.</summary>
public sealed class GatewayHost : IAsyncDisposable
{
    public const string AdminKey = "admin-for-tests";
    public const string RegistrarKey = "registrar-for-tests";

    private readonly WebApplication _app;

    private GatewayHost(WebApplication app)
    {
        _app = app;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()), Timeout = TimeSpan.FromSeconds(30) };
    }

    public HttpClient Client { get; }

    public IServiceProvider Services => _app.Services;

    public IRegistry Registry => Services.GetRequiredService<IRegistry>();

    public CapturedLog Log => Services.GetRequiredService<CapturedLog>();

    public static Task<GatewayHost> StartAsync(params string[] args) => StartAsync(_ => { }, args);

    public static async Task<GatewayHost> StartAsync(Action<WebApplicationBuilder> configure, params string[] args)
    {
        var log = new CapturedLog();
        var app = GatewayApp.Build(
            ["--urls=http://127.0.0.1:0", "--admin-key", AdminKey, "--registrar-key", RegistrarKey, .. args],
            builder =>
            {
                builder.Logging.ClearProviders();
                builder.Logging.AddProvider(log);
                builder.Services.AddSingleton(log);
                configure(builder);
            });
        await app.StartAsync();
        var host = new GatewayHost(app);
        var store = app.Services.GetRequiredService<DirectoryStore>();
        try
        {
            await Eventually.True(() => store.Current.Ready);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException(log.ToString(), late);
        }

        return host;
    }

    public Task<Answer> GetAsync(string path, string? key = null) => SendAsync(HttpMethod.Get, path, null, key);

    public Task<Answer> PutAsync(string path, string body, string? key = RegistrarKey) => SendAsync(HttpMethod.Put, path, body, key);

    public Task<Answer> PostAsync(string path, string? body, string? key = RegistrarKey) => SendAsync(HttpMethod.Post, path, body, key);

    public Task<Answer> DeleteAsync(string path, string? key = RegistrarKey) => SendAsync(HttpMethod.Delete, path, null, key);

    public async Task<Answer> SendAsync(HttpMethod method, string path, string? body, string? key)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        if (key is not null)
        {
            request.Headers.Add(key == AdminKey ? "x-admin-key" : "x-registrar-key", key);
        }

        using var response = await Client.SendAsync(request);
        return await Answer.ReadAsync(response);
    }

    /// <summary>Registers an instance and expects that to work.</summary>
    public async Task RegisterAsync(string service, string id, string more = "", int port = 8080)
    {
        var answer = await PutAsync($"/v1/services/{service}/instances/{id}", $$"""{"address":"10.0.0.1:{{port}}"{{more}}}""");
        Assert.Equal(HttpStatusCode.Created, answer.Status);
    }

    /// <summary>Ids on a service's list.</summary>
    public async Task<string[]> IdsAsync(string service, string query = "")
    {
        var answer = await GetAsync($"/v1/services/{service}/best{query}");
        return answer.Status == HttpStatusCode.OK
            ? [.. answer.Json.GetProperty("instances").EnumerateArray().Select(line => line.GetProperty("id").GetString()!)]
            : [];
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
