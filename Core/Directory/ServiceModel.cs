#pragma warning disable CA1822 // signatures first: the bodies follow
using Fairway.Core.Time;

namespace Fairway.Core.Directory;

/// <summary>
/// The state machine of one service: registrations, what exporters say and the operator's hand go in, ranked
/// snapshots come out. Not thread-safe; times are passed in and never go back.
/// </summary>
public sealed class ServiceModel
{
    private readonly ServiceModelOptions _options;
    private readonly Dictionary<string, InstanceModel> _instances = new(StringComparer.Ordinal);
    private ServicePolicy? _policy;
    private long _sequence;

    public ServiceModel(string service, ServiceModelOptions? options = null)
    {
        Service = service;
        _options = options ?? ServiceModelOptions.Default;
        _options.Validate();
    }

    public string Service { get; }

    /// <summary>Nothing is registered and no policy set.</summary>
    public bool IsEmpty => _instances.Count == 0 && _policy is null;

    /// <summary>Makes the registered instances exactly these; those known already keep what was learned of them.</summary>
    public void SetInstances(IEnumerable<InstanceRecord> records, Moment now)
    {
        ArgumentNullException.ThrowIfNull(records);
        var gone = new HashSet<string>(_instances.Keys, StringComparer.Ordinal);
        foreach (var record in records)
        {
            gone.Remove(record.Id);
            UpsertInstance(record, now);
        }

        foreach (var id in gone)
        {
            RemoveInstance(id);
        }
    }

    /// <summary>Registers an instance or renews its record. Another address or start time means a new process: it begins anew.</summary>
    public void UpsertInstance(InstanceRecord record, Moment now)
    {
        ArgumentNullException.ThrowIfNull(record);
        _instances[record.Id] = new InstanceModel(record, now.Elapsed);
    }

    /// <summary>The registration is gone, and with it all that was said of the instance.</summary>
    public void RemoveInstance(string id) => _instances.Remove(id);

    /// <summary>Takes in what an exporter put.</summary>
    public void ApplyStatus(string exporter, string chunk, StatusBatch batch, Moment now) => ArgumentNullException.ThrowIfNull(batch);

    /// <summary>The exporter's lease is lost: what it last said stands until another says otherwise, marked stale.</summary>
    public void DropStatus(string exporter, string chunk)
    {
    }

    /// <summary>Sets the policy; null for none. An expired one counts as none.</summary>
    public void SetPolicy(ServicePolicy? policy) => _policy = policy;

    /// <summary>Sets the marks of all addresses that are offline; expired ones count as none.</summary>
    public void SetOffline(IEnumerable<OfflineMark> marks) => ArgumentNullException.ThrowIfNull(marks);

    /// <summary>The service as of <paramref name="now"/>; moves the smoothed weights on to that instant.</summary>
    public ServiceSnapshot Snapshot(Moment now) => new()
    {
        Service = Service,
        Sequence = ++_sequence,
        GeneratedAt = now.Utc,
        Policy = _policy,
        Instances = [.. _instances.Values.Select(instance => instance.View()).OrderByDescending(view => view.Weight).ThenBy(view => view.Id, StringComparer.Ordinal)],
    };

    /// <summary>
    /// Whether <paramref name="next"/> is news to those who have <paramref name="previous"/>: at once when an
    /// instance, a state, the policy or a panic changed; when weights moved, only by enough and not too soon.
    /// </summary>
    /// <param name="previous">The last one published; null for none.</param>
    /// <param name="next">The candidate.</param>
    /// <param name="now">The present.</param>
    public bool ShouldPublish(ServiceSnapshot? previous, ServiceSnapshot next, Moment now) => previous is null || next is not null;
}

internal sealed class InstanceModel(InstanceRecord record, TimeSpan firstSeen)
{
    public InstanceRecord Record { get; } = record;

    public TimeSpan FirstSeen { get; } = firstSeen;

    public InstanceView View() => new()
    {
        Id = Record.Id, Address = Record.Address, Protocol = Record.Protocol, Zone = Record.Zone, Lane = Record.Lane,
        Version = Record.Version, Weight = 1, State = InstanceState.Unknown,
    };
}
