using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Registry;
using Fairway.Registry.Schema;
using Fairway.Sdk.Lanes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fairway.Sdk.RabbitMq.Lanes;

/// <summary>
/// Lanes, their declarations, where a service lives and what is offline, read from the registry for as long as the process runs. While it is away the last
/// state stands and is marked stale.
/// </summary>
/// <param name="service">The service whose instances are followed; null for a mere publisher.</param>
public sealed class RegistryLaneViews(IRegistry registry, string? service, TimeProvider time, ILogger<RegistryWatcher> logger) : BackgroundService, ILaneViews
{
    /// <summary>The configuration namespace of groups: <c>{topic}~{service}~{lane}</c>, which no name has a <c>~</c> in.</summary>
    private const string GroupSpace = "fairway.queues";

    private static readonly TimeSpan ExpiryCheck = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly LaneEntries _lanes = new();
    private readonly Dictionary<string, InstanceRecord> _instances = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset?> _offline = new(StringComparer.Ordinal);
    private readonly HashSet<(string Topic, string Service, string Lane)> _groups = [];
    private readonly HashSet<string> _away = new(StringComparer.Ordinal);
    private readonly HashSet<string> _unread = new(StringComparer.Ordinal);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile LaneView _current = LaneView.Empty;
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
        List<string> prefixes = [RegistryKeys.Lanes, RegistryKeys.ConfigsOf(GroupSpace), RegistryKeys.Offlines];
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
        if (told is RegistryEvent.Lost)
        {
            _away.Add(prefix);
            return;
        }

        _away.Remove(prefix);
        if (prefix == RegistryKeys.Lanes)
        {
            _lanes.Apply(told);
        }

        switch (told)
        {
            case RegistryEvent.Listed { Listing: var listing }:
                _unread.Remove(prefix);
                Forget(prefix);
                foreach (var entry in listing.Entries)
                {
                    Put(entry);
                }

                break;
            case RegistryEvent.Changed { Batch: var batch }:
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
                }

                break;
        }
    }

    private void Forget(string prefix)
    {
        if (prefix == RegistryKeys.ConfigsOf(GroupSpace))
        {
            _groups.Clear();
        }
        else if (prefix == RegistryKeys.Offlines)
        {
            _offline.Clear();
        }
        else if (prefix != RegistryKeys.Lanes)
        {
            _instances.Clear();
        }
    }

    private void Put(in RegistryEntry entry)
    {
        switch (RegistryDecoder.TryDecode(entry, out var decoded) ? decoded : null)
        {
            case DecodedEntry.Instance instance:
                _instances[instance.Of.Id] = instance.Record;
                break;
            case DecodedEntry.Offline mark:
                _offline[mark.Of.Address] = mark.Record.ExpiresAt;
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
            case InstanceKey instance:
                _instances.Remove(instance.Id);
                break;
            case OfflineKey mark:
                _offline.Remove(mark.Address);
                break;
            case ConfigKey { Namespace: GroupSpace, Key: var name } when name.Split('~') is [var topic, var of, var lane]:
                _groups.Remove((topic, of, lane));
                break;
        }
    }

    /// <summary>Lanes and offline marks with a time to live end without a change in the registry.</summary>
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
        var lanes = _lanes.At(now);
        var offline = _offline.Where(mark => !(mark.Value <= now)).Select(mark => mark.Key).ToImmutableHashSet(StringComparer.Ordinal);
        var live = _instances.Values.Where(instance => instance.Lane.Length > 0 && !instance.Draining && !offline.Contains(instance.Address))
            .Select(instance => instance.Lane).ToImmutableHashSet(StringComparer.Ordinal);
        var shown = $"{lanes.Version} {Text(live)} {Text(offline)} {_groups.Count} {_away.Count > 0}";
        if (shown == _shown)
        {
            return;
        }

        _shown = shown;
        _current = new LaneView(lanes.Tables, lanes.Version, live, _away.Count > 0, offline);
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }

    private static string Text(ImmutableHashSet<string> names) => string.Join(',', names.Order(StringComparer.Ordinal));
}
