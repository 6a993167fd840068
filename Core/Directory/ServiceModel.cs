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
    private readonly LifeLedger _life = new();
    private Dictionary<string, OfflineMark> _offline = new(StringComparer.Ordinal);
    private ServicePolicy? _policy;
    private long _sequence;

    /// <param name="service">The service's name.</param>
    /// <param name="options">Null takes the defaults.</param>
    /// <param name="firstSequence">The first snapshot's <see cref="ServiceSnapshot.Sequence"/>; a successor passes one above its predecessor's last.</param>
    public ServiceModel(string service, ServiceModelOptions? options = null, long firstSequence = 1)
    {
        Service = service;
        _options = options ?? ServiceModelOptions.Default;
        _options.Validate();
        _sequence = firstSequence - 1;
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

    /// <summary>
    /// Registers an instance or renews its record. Another address or start time means a new process: its window
    /// and warm-up begin anew, while a down mark stays until the one who made it, or another, takes it back.
    /// </summary>
    public void UpsertInstance(InstanceRecord record, Moment now)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (_instances.TryGetValue(record.Id, out var known) && IsSameProcess(known.Record, record))
        {
            known.Record = record;
        }
        else
        {
            _instances[record.Id] = new InstanceModel(record, now.Elapsed, _options);
        }
    }

    /// <summary>The registration is gone, and with it all that was said of the instance.</summary>
    public void RemoveInstance(string id)
    {
        _instances.Remove(id);
        _life.Forget(id);
    }

    /// <summary>Takes in what an exporter put. Instances it names that are not registered yet keep their down mark until they are.</summary>
    public void ApplyStatus(string exporter, string chunk, StatusBatch batch, Moment now)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var channel = _life.Apply(new StatusSource(exporter, chunk), batch);
        foreach (var item in batch.Items)
        {
            if (_instances.TryGetValue(item.Id, out var instance))
            {
                instance.Apply(item, channel, now.Elapsed);
            }
        }
    }

    /// <summary>The exporter's lease is lost: what it last said stands until another says otherwise, marked stale.</summary>
    public void DropStatus(string exporter, string chunk) => _life.Drop(new StatusSource(exporter, chunk));

    /// <summary>Sets the policy; null for none. An expired one counts as none.</summary>
    public void SetPolicy(ServicePolicy? policy) => _policy = policy;

    /// <summary>Sets the marks of all addresses that are offline; expired ones count as none.</summary>
    public void SetOffline(IEnumerable<OfflineMark> marks) =>
        _offline = marks.ToDictionary(mark => mark.Address, StringComparer.Ordinal);

    /// <summary>The service as of <paramref name="now"/>; moves the smoothed weights on to that instant.</summary>
    public ServiceSnapshot Snapshot(Moment now)
    {
        var policy = _policy is { ExpiresAt: { } end } && end <= now.Utc ? null : _policy;
        var ranking = new ServiceRanking(policy, _options, now, instance => IsOffline(instance, now), _life.IsDown);
        foreach (var lane in _instances.Values.GroupBy(instance => instance.Record.Lane, StringComparer.Ordinal))
        {
            ranking.Add(lane.Key, [.. lane]);
        }

        return new ServiceSnapshot
        {
            Service = Service,
            Sequence = ++_sequence,
            GeneratedAt = now.Utc,
            Policy = policy,
            Instances = ranking.Ranked(),
            PanickedLanes = ranking.PanickedLanes(),
        };
    }

    /// <summary>Whether to publish <paramref name="next"/> to those who have <paramref name="previous"/>.</summary>
    /// <param name="previous">The last one published; null for none.</param>
    /// <param name="next">The candidate.</param>
    /// <param name="now">The present.</param>
    public bool ShouldPublish(ServiceSnapshot? previous, ServiceSnapshot next, Moment now) =>
        PublishRule.ShouldPublish(previous, next, now, _options);

    /// <summary>Whether <paramref name="next"/>, which is no news, has figures that readers of <paramref name="published"/> lack.</summary>
    public bool HasNewFigures(ServiceSnapshot published, ServiceSnapshot next, Moment now) =>
        PublishRule.HasNewFigures(published, next, now, _options);

    private static bool IsSameProcess(InstanceRecord known, InstanceRecord record) =>
        string.Equals(known.Address, record.Address, StringComparison.Ordinal)
        && (known.StartedAt is null || record.StartedAt is null || known.StartedAt == record.StartedAt);

    private bool IsOffline(InstanceModel instance, Moment now) =>
        _offline.TryGetValue(instance.Record.Address, out var mark) && !(mark.ExpiresAt <= now.Utc);
}
