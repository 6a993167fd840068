using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Fairway.Registry;
using Fairway.Registry.Schema;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fairway.Sdk.RabbitMq.Lanes;

/// <summary>
/// Lanes, their declarations, and where a service lives, read from the registry for as long as the process runs. While it is away the last
/// state stands and is marked stale.
/// </summary>
/// <param name="service">The service whose instances are followed; null for a mere publisher.</param>
public sealed class RegistryLaneViews(IRegistry registry, string? service, TimeProvider time, ILogger<RegistryWatcher> logger) : BackgroundService, ILaneViews
{
    /// <summary>The configuration namespace of groups: <c>{topic}~{service}~{lane}</c>, which no name has a <c>~</c> in.</summary>
    private const string GroupSpace = "fairway.queues";

    private static readonly TimeSpan ExpiryCheck = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, LaneRecord> _lanes = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Lane, string Service), LaneDeclaration> _declarations = [];
    private readonly Dictionary<string, string> _instances = new(StringComparer.Ordinal);
    private readonly HashSet<(string Topic, string Service, string Lane)> _groups = [];
    private readonly HashSet<string> _away = new(StringComparer.Ordinal);
    private readonly HashSet<string> _unread = new(StringComparer.Ordinal);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile LaneView _current = LaneView.Empty;
    private RegistryPosition _position;
    private string _shown = "";

    public LaneView Current => _current;

    public Task ChangedAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return _changed.Task.WaitAsync(cancellationToken);
        }
    }

    public IEnumerable<string> LanesWithGroups(string topic, string service)
    {
        lock (_gate)
        {
            return [.. _groups.Where(group => group.Topic == topic && group.Service == service).Select(group => group.Lane)];
        }
    }

    public async Task<bool> RememberAsync(Group group, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(group);
        if (group.Lane is null || LanesWithGroups(group.Topic, group.Service).Contains(group.Lane))
        {
            return true;
        }

        try
        {
            await registry.PutAsync(RegistryKeys.Config(GroupSpace, $"{group.Topic}~{group.Service}~{group.Lane}"), "{}"u8.ToArray(), 0, cancellationToken);
            return true;
        }
        catch (RegistryException)
        {
            return false;
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        List<string> prefixes = [RegistryKeys.Lanes, RegistryKeys.ConfigsOf(GroupSpace)];
        if (service is not null)
        {
            prefixes.Add(RegistryKeys.InstancesOf(service));
        }

        _unread.UnionWith(prefixes);
        return Task.WhenAll([.. prefixes.Select(prefix => FollowAsync(prefix, stoppingToken)), ExpireAsync(stoppingToken)]);
    }

    private async Task FollowAsync(string prefix, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var told in new RegistryWatcher(registry, prefix, time, logger).ReadAsync(cancellationToken))
            {
                lock (_gate)
                {
                    Apply(prefix, told);
                    Show();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // the process stops
        }
    }

    private void Apply(string prefix, RegistryEvent told)
    {
        switch (told)
        {
            case RegistryEvent.Listed { Listing: var listing }:
                _away.Remove(prefix);
                _unread.Remove(prefix);
                Forget(prefix);
                foreach (var entry in listing.Entries)
                {
                    Put(entry);
                }

                Advance(prefix, new RegistryPosition(listing.ClusterId, listing.Revision));
                break;
            case RegistryEvent.Changed { Batch: var batch }:
                _away.Remove(prefix);
                foreach (var change in batch.Changes)
                {
                    if (!change.IsDelete)
                    {
                        Put(change.Entry);
                    }
                    else if (RegistryKey.TryParse(change.Entry.Key, out var key))
                    {
                        Delete(key);
                    }

                    Advance(prefix, new RegistryPosition(batch.ClusterId, change.Entry.ModRevision));
                }

                break;
            case RegistryEvent.Lost:
                _away.Add(prefix);
                break;
        }
    }

    private void Advance(string prefix, RegistryPosition position)
    {
        if (prefix == RegistryKeys.Lanes)
        {
            _position = position;
        }
    }

    private void Forget(string prefix)
    {
        if (prefix == RegistryKeys.Lanes)
        {
            _lanes.Clear();
            _declarations.Clear();
        }
        else if (prefix == RegistryKeys.ConfigsOf(GroupSpace))
        {
            _groups.Clear();
        }
        else
        {
            _instances.Clear();
        }
    }

    private void Put(in RegistryEntry entry)
    {
        if (!RegistryDecoder.TryDecode(entry, out var decoded))
        {
            return;
        }

        switch (decoded)
        {
            case DecodedEntry.Lane lane:
                _lanes[lane.Record.Lane] = lane.Record;
                break;
            case DecodedEntry.Declaration declaration:
                _declarations[(declaration.Of.Lane, declaration.Of.Service)] = declaration.Record;
                break;
            case DecodedEntry.Instance instance:
                _instances[instance.Of.Id] = instance.Record.Lane;
                break;
            case DecodedEntry.Config { Of: { Key: var name, Namespace: GroupSpace } } when name.Split('~') is [var topic, var of, var lane]:
                _groups.Add((topic, of, lane));
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
            case InstanceKey instance:
                _instances.Remove(instance.Id);
                break;
            case ConfigKey { Namespace: GroupSpace, Key: var name } when name.Split('~') is [var topic, var of, var lane]:
                _groups.Remove((topic, of, lane));
                break;
        }
    }

    /// <summary>Lanes with a time to live end without a change in the registry.</summary>
    private async Task ExpireAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(ExpiryCheck, time, cancellationToken);
                lock (_gate)
                {
                    Show();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // the process stops
        }
    }

    private void Show()
    {
        if (_unread.Count > 0)
        {
            return; // half of it would look as if all consumers were down
        }

        var now = time.GetUtcNow();
        var lanes = _lanes.Where(lane => !(lane.Value.ExpiresAt <= now)).ToImmutableSortedDictionary(StringComparer.Ordinal);
        var expired = string.Join(',', _lanes.Keys.Where(lane => !lanes.ContainsKey(lane)).Order(StringComparer.Ordinal));
        var live = _instances.Values.Where(lane => lane.Length > 0).ToImmutableHashSet(StringComparer.Ordinal);
        var shown = $"{_position} {expired} {string.Join(',', live.Order(StringComparer.Ordinal))} {_groups.Count} {_away.Count > 0}";
        if (shown == _shown)
        {
            return;
        }

        _shown = shown;
        var tables = new DirectoryTables
        {
            Lanes = lanes,
            Declarations = _declarations.Where(entry => lanes.ContainsKey(entry.Key.Lane)).GroupBy(entry => entry.Key.Lane)
                .ToImmutableSortedDictionary(group => group.Key, group => group.Select(entry => entry.Value).ToImmutableArray(), StringComparer.Ordinal),
        };
        var version = $"{_position.ClusterId:x}-{_position.Revision}" + (expired.Length == 0 ? "" : $"-{expired.Replace(',', '+')}");
        _current = new LaneView(tables, version, live, _away.Count > 0);
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }
}
