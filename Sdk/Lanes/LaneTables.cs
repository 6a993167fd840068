using Fairway.Core.Lanes;
using Fairway.Registry;
using Fairway.Registry.Schema;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fairway.Sdk.Lanes;

/// <summary>Who knows the lane table in force.</summary>
public interface ILaneTables
{
    /// <summary>Read without waiting; <see cref="LaneTable.Empty"/> before the first listing.</summary>
    LaneTable Current { get; }
}

/// <summary>The lane table, read from the registry for as long as the process runs. While the registry is away the last declarations hold.</summary>
public sealed class LaneTables(IRegistry registry, TimeProvider time, ILogger<RegistryWatcher> logger) : BackgroundService, ILaneTables
{
    private readonly Lock _gate = new();
    private readonly LaneEntries _entries = new();
    private volatile Made _made = new(LaneTable.Empty, DateTimeOffset.MaxValue);

    /// <summary>Lanes end by the clock, without a change in the registry.</summary>
    public LaneTable Current
    {
        get
        {
            var made = _made;
            if (time.GetUtcNow() < made.GoodUntil)
            {
                return made.Table;
            }

            lock (_gate)
            {
                return Make().Table;
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var told in new RegistryWatcher(registry, RegistryKeys.Lanes, time, logger).ReadAsync(stoppingToken))
            {
                lock (_gate)
                {
                    if (_entries.Apply(told))
                    {
                        Make();
                    }
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // the process stops
        }
    }

    private Made Make()
    {
        var state = _entries.At(time.GetUtcNow());
        return _made = new Made(new LaneTable(state.Tables, state.Version), state.GoodUntil);
    }

    private sealed record Made(LaneTable Table, DateTimeOffset GoodUntil);
}
