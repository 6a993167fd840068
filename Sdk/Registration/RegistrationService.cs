using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Sdk.Hosting;
using Fairway.Sdk.Load;
using Fairway.Sdk.Options;
using Fairway.Sdk.Probing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Registration;

/// <summary>
/// Registers once the server listens, and before it stops: publishes <c>draining</c>, waits for routers to
/// read it, for running requests and for each <see cref="IDrain"/>, takes the key away. All <c>StoppingAsync</c> end before any hosted
/// service, the server among them, is stopped, so requests are served the whole time.
/// </summary>
internal sealed class RegistrationService(
    IServiceProvider services,
    PublishedAddresses addresses,
    FairwayInstance instance,
    RequestMeter requests,
    ProbeEndpoints probe,
    FairwayHealth health,
    IEnumerable<IDrain> others,
    TimeProvider time,
    IOptions<FairwayOptions> options,
    ILogger<RegistrationService> logger) : IHostedLifecycleService, IAsyncDisposable
{
    private static readonly TimeSpan RequestsCheckedEvery = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource _stopping = new();
    private Registrar? _registrar;
    private Task _registering = Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        services.GetRequiredService<RegistrationMetrics>(); // a service that is not to register says so too
        if (options.Value.RegistrationEnabled)
        {
            _registrar = services.GetRequiredService<Registrar>(); // says here what is not configured
        }

        return Task.CompletedTask;
    }

    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        var record = await DescribeAsync(cancellationToken);
        if (_registrar == null)
        {
            instance.Set(RegistrationState.Off, record);
            logger.RegistrationOff(options.Value.Service, options.Value.Id, record?.Address);
            return;
        }

        if (record == null)
        {
            throw new InvalidOperationException(
                "The server listens on no TCP port, so there is nothing to register; switch Fairway:RegistrationEnabled off.");
        }

        instance.Set(RegistrationState.Waiting, record);
        _registering = _registrar.KeepRegisteredAsync(record, _stopping.Token);
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _registering;
        try
        {
            if (_registrar != null && instance.Record is { } record)
            {
                await DrainAndLeaveAsync(_registrar, record, cancellationToken);
            }
        }
        finally
        {
            health.Serving = false;
            probe.End();
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<InstanceRecord?> DescribeAsync(CancellationToken cancellationToken)
    {
        var settings = options.Value;
        if (await addresses.ResolveAsync(cancellationToken) is not { } published)
        {
            return null;
        }

        return new InstanceRecord
        {
            Service = settings.Service,
            Id = settings.Id,
            Address = published.Service,
            Protocol = settings.Protocol,
            ProbeAddress = published.Probe,
            Probe = settings.Probe,
            Lane = settings.Lane,
            Version = settings.Version ?? "",
            Zone = settings.Zone,
            Weight = settings.Weight,
            Methods = settings.Methods,
            Metadata = settings.Metadata.ToImmutableSortedDictionary(StringComparer.Ordinal),
            StartedAt = time.GetUtcNow(),
        };
    }

    private async Task DrainAndLeaveAsync(Registrar registrar, InstanceRecord record, CancellationToken cancellationToken)
    {
        if (instance.State == RegistrationState.Registered)
        {
            record = record with { Draining = true };
            logger.Draining(record.Service, record.Id, options.Value.DrainSeconds);
            var drained = DrainOthersAsync(cancellationToken);
            await registrar.DrainAsync(record, cancellationToken);
            await Task.Delay(TimeSpan.FromSeconds(options.Value.DrainSeconds), time, cancellationToken);
            await RunningRequestsAsync(cancellationToken);
            await drained;
        }

        await registrar.LeaveAsync(record, cancellationToken);
    }

    /// <summary>Waits for requests that came before routers knew; bounded, since a request may take for ever.</summary>
    private async Task RunningRequestsAsync(CancellationToken cancellationToken)
    {
        var limit = TimeSpan.FromSeconds(options.Value.DrainRequestsSeconds);
        var began = time.GetTimestamp();
        while (requests.InFlight > 0)
        {
            if (time.GetElapsedTime(began) >= limit)
            {
                logger.DrainedLate(requests.InFlight, limit.TotalSeconds);
                return;
            }

            await Task.Delay(RequestsCheckedEvery, time, cancellationToken);
        }
    }

    /// <summary>Work that no router sends here ends as well, within the same bounds.</summary>
    private async Task DrainOthersAsync(CancellationToken cancellationToken)
    {
        var limit = TimeSpan.FromSeconds(options.Value.DrainSeconds + options.Value.DrainRequestsSeconds);
        using var late = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            await Task.WhenAll(others.Select(other => other.DrainAsync(either.Token)));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            logger.OthersDrainedLate(limit.TotalSeconds);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync(); // a host that failed to start is disposed without being stopped
        await _registering;
        _stopping.Dispose();
    }
}
