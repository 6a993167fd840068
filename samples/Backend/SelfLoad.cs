using Fairway.Sdk.Registration;
using Microsoft.Extensions.Options;

namespace Fairway.Backend;

/// <summary>Options of the self load.</summary>
public sealed class SelfLoadOptions
{
    /// <summary>Requests a second that the service sends to itself, so that its figures move without visitors, 0-500. Default 0: none.</summary>
    public double SelfRps { get; set; }
}

/// <summary>Sends <c>GET /work</c> to this very service over HTTP, at a steady rate and never more than 64 at once.</summary>
public sealed class SelfLoad(
    FairwayInstance instance, IOptions<SelfLoadOptions> options, TimeProvider time, IHostApplicationLifetime lifetime) : BackgroundService
{
    private const int MaxInFlight = 64;

    private int _inFlight;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.SelfRps <= 0)
        {
            return;
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1 / options.Value.SelfRps), time);
        try
        {
            while (await timer.WaitForNextTickAsync(ending.Token))
            {
                if (instance.Record is { } record && Volatile.Read(ref _inFlight) < MaxInFlight)
                {
                    _ = SendAsync(http, new Uri($"{record.Protocol}://{record.Address}/work"), ending.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The service stops: so does its load.
        }
    }

    private async Task SendAsync(HttpClient http, Uri work, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _inFlight);
        try
        {
            using var answer = await http.GetAsync(work, cancellationToken);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            // Failing is part of the demonstration.
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
        }
    }
}
