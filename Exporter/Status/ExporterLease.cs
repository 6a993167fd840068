using Fairway.Core.Directory;
using Fairway.Registry;
using Fairway.Registry.Schema;
using Microsoft.Extensions.Options;

namespace Fairway.Exporter.Status;

/// <summary>The lease that this exporter's statuses hang on, with the key <c>exporters/{id}</c>. Stopping ends it.</summary>
internal sealed class ExporterLease : BackgroundService
{
    private readonly LeaseKeeper _keeper;
    private readonly ListenAddress _address;
    private readonly string _id;
    private readonly ILogger<ExporterLease> _logger;

    public ExporterLease(
        IRegistry registry, ListenAddress address, IOptions<ExporterOptions> options, TimeProvider time, ILogger<ExporterLease> logger)
    {
        _address = address;
        _id = options.Value.Id;
        _logger = logger;
        _keeper = new LeaseKeeper(registry, TimeSpan.FromSeconds(options.Value.LeaseSeconds), time, logger);
        _keeper.Regained += () => Regained?.Invoke();
    }

    /// <summary>A lost lease was followed by a new one: every other key of this exporter is gone.</summary>
    public event Action? Regained;

    /// <summary>The lease to put on; 0 while there is none.</summary>
    public long Id => _keeper.LeaseId;

    /// <summary>Looks at once whether the lease still lives, instead of at the next renewal.</summary>
    public async Task RegisterAsync()
    {
        try
        {
            var version = typeof(ExporterLease).Assembly.GetName().Version!.ToString(3);
            var member = new Member(_id, (await _address.Bound).Authority, version);
            await _keeper.PutAsync(RegistryKeys.Exporter(_id), OperatorCodec.Encode(member));
        }
        catch (RegistryException e)
        {
            Log.NotRegistered(_logger, e.Error, e.Message); // the keeper goes on trying
        }
        catch (ObjectDisposedException)
        {
            // Stopping.
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await _keeper.DisposeAsync();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await ((Task)_address.Bound).WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!stoppingToken.IsCancellationRequested)
        {
            await RegisterAsync();
        }
    }
}
