using System.Collections.Immutable;
using Fairway.Core.Balancing;
using Fairway.Registry;
using Fairway.Registry.Schema;
using Microsoft.Extensions.Options;

namespace Fairway.Exporter.Fleet;

/// <summary>
/// The exporters there are, this one always among them, and which of them probes what. Each reads <c>exporters/</c> for itself:
/// two that know different ones for a moment both probe an instance, or state it in turn, and readers follow the last word.
/// While the registry is away the last known ones stand.
/// </summary>
internal sealed class ExporterRoll(
    IRegistry registry, IOptions<ExporterOptions> options, TimeProvider time, ILogger<RegistryWatcher> watcherLogger) : BackgroundService
{
    private readonly string _self = options.Value.Id;
    private readonly TaskCompletionSource _listed = New();
    private TaskCompletionSource _changed = New();
    private Seats _seats = new([options.Value.Id]);

    /// <summary>Completes with the first listing.</summary>
    public Task Listed => _listed.Task;

    /// <summary>Completes when exporters came or went after it was read.</summary>
    public Task Changed => Volatile.Read(ref _changed).Task;

    /// <summary>Their ids in ordinal order.</summary>
    public ImmutableArray<string> Members => Volatile.Read(ref _seats).Ids;

    /// <summary>The lowest id: does what only one is to do. Two may think so for a moment.</summary>
    public bool IsFirst => Members[0] == _self;

    /// <summary>Whether this exporter probes the instance.</summary>
    public bool Owns(string service, string instance) => Rendezvous.Owner($"{service}/{instance}", Members) == _self;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var watcher = new RegistryWatcher(registry, RegistryKeys.Exporters, time, watcherLogger);
        try
        {
            await foreach (var happened in watcher.ReadAsync(cancellationToken: stoppingToken))
            {
                switch (happened)
                {
                    case RegistryEvent.Listed { Listing: { } listing }:
                        Seat(listing.Entries.Select(entry => IdOf(entry.Key)));
                        _listed.TrySetResult();
                        break;
                    case RegistryEvent.Changed { Batch.Changes: { Count: > 0 } changes }:
                        var ids = Members.ToHashSet(StringComparer.Ordinal);
                        foreach (var change in changes)
                        {
                            if (IdOf(change.Entry.Key) is { } id)
                            {
                                _ = change.IsDelete ? ids.Remove(id) : ids.Add(id);
                            }
                        }

                        Seat(ids);
                        break;
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    private static string? IdOf(string key) => RegistryKey.TryParse(key, out var parsed) && parsed is ExporterKey exporter ? exporter.Id : null;

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Seat(IEnumerable<string?> ids)
    {
        ImmutableArray<string> seats = [.. ids.OfType<string>().Append(_self).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        if (!seats.SequenceEqual(Members))
        {
            Volatile.Write(ref _seats, new Seats(seats));
            Interlocked.Exchange(ref _changed, New()).TrySetResult();
        }
    }

    private sealed record Seats(ImmutableArray<string> Ids);
}
