using Fairway.Registry;
using Fairway.Registry.Schema;
using Microsoft.Extensions.Options;

namespace Fairway.Exporter.Fleet;

/// <summary>
/// Drops the registry's history older than <see cref="ExporterOptions.KeepHistory"/>, while this is the exporter with the lowest
/// id. Notes the revision each turn, since a registry knows no ages, so the first compaction comes one such span after the election.
/// </summary>
internal sealed class Compactor(
    IRegistry registry, ExporterRoll roll, IOptions<ExporterOptions> options, TimeProvider time, ExporterMetrics metrics, ILogger<Compactor> logger)
    : BackgroundService
{
    private readonly Queue<(long Revision, long At)> _notes = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var turns = new PeriodicTimer(options.Value.CompactInterval, time);
        try
        {
            await roll.Listed.WaitAsync(stoppingToken);
            do
            {
                await TakeTurnAsync(stoppingToken);
            }
            while (await turns.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    private async Task TakeTurnAsync(CancellationToken ct)
    {
        if (!roll.IsFirst)
        {
            _notes.Clear();
            return;
        }

        try
        {
            var revision = (await registry.ListAsync(RegistryKeys.Exporters, ct)).Revision;
            if (_notes.Any(note => note.Revision > revision))
            {
                _notes.Clear(); // restored: the notes are of another history
            }

            _notes.Enqueue((revision, time.GetTimestamp()));
            long? due = null;
            while (_notes.TryPeek(out var note) && time.GetElapsedTime(note.At) >= options.Value.KeepHistory)
            {
                due = _notes.Dequeue().Revision;
            }

            if (due is { } until)
            {
                await registry.CompactAsync(until, ct);
                metrics.Compacted();
                Log.Compacted(logger, until);
            }
        }
        catch (RegistryException e) when (e.Error != RegistryError.Compacted)
        {
            Log.NotCompacted(logger, e.Error, e.Message);
        }
        catch (RegistryException)
        {
            // Already compacted so far: by the one elected before.
        }
    }
}
