using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Fairway.Registry;
using Fairway.Registry.Schema;

namespace Fairway.Sdk.Lanes;

/// <summary>Lanes and their declarations as a watcher of <see cref="RegistryKeys.Lanes"/> tells of them. Not thread-safe.</summary>
internal sealed class LaneEntries
{
    private readonly Dictionary<string, LaneRecord> _lanes = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Lane, string Service), LaneDeclaration> _declarations = [];
    private RegistryPosition _position;

    /// <summary>Takes an event in. True where it may have changed what <see cref="At"/> returns.</summary>
    public bool Apply(RegistryEvent told)
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
                return true;
            case RegistryEvent.Changed { Batch.Changes: { Count: > 0 } changes, Batch: var batch }:
                foreach (var change in changes)
                {
                    Change(change);
                    _position = new RegistryPosition(batch.ClusterId, change.Entry.ModRevision);
                }

                return true;
            default:
                return false;
        }
    }

    /// <summary>What holds at a time: lanes that are over are left out with what they declare, without a change in the registry.</summary>
    public State At(DateTimeOffset now)
    {
        var lanes = _lanes.Where(lane => !(lane.Value.ExpiresAt <= now)).ToImmutableSortedDictionary(StringComparer.Ordinal);
        var over = string.Join('+', _lanes.Keys.Where(lane => !lanes.ContainsKey(lane)).Order(StringComparer.Ordinal));
        var tables = new DirectoryTables
        {
            Lanes = lanes,
            Declarations = _declarations.Where(entry => lanes.ContainsKey(entry.Key.Lane)).GroupBy(entry => entry.Key.Lane, StringComparer.Ordinal)
                .ToImmutableSortedDictionary(group => group.Key, group => group.Select(entry => entry.Value).ToImmutableArray(), StringComparer.Ordinal),
        };
        return new State(
            tables, $"{_position.ClusterId:x}-{_position.Revision}{(over.Length == 0 ? "" : $"-{over}")}",
            lanes.Values.Min(lane => lane.ExpiresAt) ?? DateTimeOffset.MaxValue);
    }

    private void Change(RegistryChange change)
    {
        if (!change.IsDelete)
        {
            Put(change.Entry);
            return;
        }

        switch (RegistryKey.TryParse(change.Entry.Key, out var key) ? key : null)
        {
            case LaneKey lane:
                _lanes.Remove(lane.Name);
                break;
            case DeclarationKey declaration:
                _declarations.Remove((declaration.Lane, declaration.Service));
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

    /// <param name="Version">Differs with each change, and is alike in all processes that read the same.</param>
    /// <param name="GoodUntil">When the next lane ends by the clock.</param>
    public sealed record State(DirectoryTables Tables, string Version, DateTimeOffset GoodUntil);
}
