using System.Collections.Immutable;
using Fairway.Core.Directory;
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
    private readonly Dictionary<string, LaneRecord> _lanes = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Lane, string Service), LaneDeclaration> _declarations = [];
    private RegistryPosition _position;
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
                    Apply(told);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // the process stops
        }
    }

    private void Apply(RegistryEvent told)
    {
        switch (told)
        {
            case RegistryEvent.Listed { Listing: var listing }:
                _lanes.Clear();
                _declarations.Clear();
                foreach (var entry in listing.Entries)
                {
                    Put(entry);
                }

                _position = new RegistryPosition(listing.ClusterId, listing.Revision);
                Make();
                break;
            case RegistryEvent.Changed { Batch.Changes: { Count: > 0 } changes, Batch: var batch }:
                foreach (var change in changes)
                {
                    if (!change.IsDelete)
                    {
                        Put(change.Entry);
                    }
                    else if (RegistryKey.TryParse(change.Entry.Key, out var key))
                    {
                        Delete(key);
                    }

                    _position = new RegistryPosition(batch.ClusterId, change.Entry.ModRevision);
                }

                Make();
                break;
        }
    }

    private void Put(in RegistryEntry entry)
    {
        switch (RegistryDecoder.TryDecode(entry, out var decoded) ? decoded : null)
        {
            case DecodedEntry.Lane lane:
                _lanes[lane.Record.Lane] = lane.Record;
                break;
            case DecodedEntry.Declaration declaration:
                _declarations[(declaration.Of.Lane, declaration.Of.Service)] = declaration.Record;
                break;
        }
    }

    private void Delete(RegistryKey key)
    {
        switch (key)
        {
            case LaneKey lane:
                _lanes.Remove(lane.Name);
                break;
            case DeclarationKey declaration:
                _declarations.Remove((declaration.Lane, declaration.Service));
                break;
        }
    }

    private Made Make()
    {
        var now = time.GetUtcNow();
        var living = _lanes.Values.Where(lane => !(lane.ExpiresAt <= now)).ToList();
        var tables = new DirectoryTables
        {
            Lanes = living.ToImmutableSortedDictionary(lane => lane.Lane, lane => lane, StringComparer.Ordinal),
            Declarations = _declarations.GroupBy(entry => entry.Key.Lane, StringComparer.Ordinal).ToImmutableSortedDictionary(
                group => group.Key, group => group.Select(entry => entry.Value).ToImmutableArray(), StringComparer.Ordinal),
        };
        return _made = new Made(
            new LaneTable(tables, $"{_position.ClusterId:x}-{_position.Revision}-{living.Count}"),
            living.Min(lane => lane.ExpiresAt) ?? DateTimeOffset.MaxValue);
    }

    private sealed record Made(LaneTable Table, DateTimeOffset GoodUntil);
}
