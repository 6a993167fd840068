using System.Collections.Concurrent;
using System.Globalization;
using Fairway.Sdk;
using Fairway.Sdk.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fairway.Gateway.Tests.Releases;

/// <summary>An instance: an HTTP server that takes 20 ms a request.</summary>
internal sealed class ReleaseServer : IAsyncDisposable
{
    private static readonly TimeSpan Work = TimeSpan.FromMilliseconds(20);

    /// <summary>As the Sdk has it: who read the list before it changed may still send.</summary>
    private static readonly TimeSpan Draining = TimeSpan.FromSeconds(2);

    private readonly WebApplication _app;

    private ReleaseServer(WebApplication app) => _app = app;

    public string Address => new Uri(_app.Urls.Single()).Authority;

    public bool IsStopped { get; private set; }

    public static async Task<ReleaseServer> StartAsync(string id)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Run(async context =>
        {
            await Task.Delay(Work, TimeProvider.System);
            await Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(context.Response, id);
        });
        await app.StartAsync();
        return new ReleaseServer(app);
    }

    /// <summary>Stops as a process does that was told to.</summary>
    public async Task DrainAsync()
    {
        await Task.Delay(Draining, TimeProvider.System);
        IsStopped = true;
        await _app.StopAsync();
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}

/// <summary>Users who call the service by its name through the Sdk's handler, four at a time, and never again what failed.</summary>
internal sealed class ReleaseTraffic : IAsyncDisposable
{
    private const int Users = 4;

    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentQueue<string> _failures = new();
    private readonly ServiceProvider _services;
    private readonly Task _sending;
    private int _served;

    public ReleaseTraffic(Uri gateway)
    {
        var services = new ServiceCollection();
        services.AddFairwayClient(options =>
        {
            options.Gateways = [gateway.GetLeftPart(UriPartial.Authority)];
            options.FirstListSeconds = 30;
        });
        _services = services.BuildServiceProvider();
        var http = _services.GetRequiredService<IHttpClientFactory>().CreateClient(FairwayClientExtensions.ClientName);
        _sending = Task.WhenAll(Enumerable.Range(0, Users).Select(user => Task.Run(() => SendAsync(http, user))));
    }

    public async Task<(int Served, string[] Failed)> EndAsync()
    {
        await _ending.CancelAsync();
        await _sending;
        return (_served, [.. _failures]);
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        await _services.DisposeAsync();
        _ending.Dispose();
    }

    private async Task SendAsync(HttpClient http, int user)
    {
        for (var number = 0; !_ending.IsCancellationRequested; number++)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("http://orders/")); // not repeated by anybody
                request.Headers.Add("x-user-id", string.Create(CultureInfo.InvariantCulture, $"user-{user}-{number}"));
                using var response = await http.SendAsync(request, CancellationToken.None);
                if (response.IsSuccessStatusCode)
                {
                    Interlocked.Increment(ref _served);
                }
                else
                {
                    _failures.Enqueue($"{(int)response.StatusCode}");
                }
            }
            catch (Exception failure) when (failure is HttpRequestException or FairwayClientException)
            {
                _failures.Enqueue(failure.Message);
            }
        }
    }
}
