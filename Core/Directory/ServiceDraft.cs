using System.Collections.Immutable;

namespace Fairway.Core.Directory;

/// <summary>One service's facts in the making during one event.</summary>
internal sealed class ServiceDraft(string name, ServiceFacts before)
{
    private readonly ImmutableDictionary<string, InstanceRecord>.Builder _instances = before.Instances.ToBuilder();
    private readonly ImmutableDictionary<StatusSource, StatusBatch>.Builder _statuses = before.Statuses.ToBuilder();
    private readonly SortedSet<string> _removed = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, InstanceRecord> _upserted = new(StringComparer.Ordinal);
    private readonly List<DirectoryEffect> _said = [];
    private ServicePolicy? _policy = before.Policy;
    private bool _policyChanged;

    public string Name => name;

    public void Register(InstanceRecord record)
    {
        _instances[record.Id] = record;
        _upserted[record.Id] = record;
    }

    public void Deregister(string id)
    {
        _instances.Remove(id);
        _upserted.Remove(id);
        _removed.Add(id);
    }

    public void Say(StatusSource source, StatusBatch batch)
    {
        _statuses[source] = batch;
        _said.Add(new StatusArrived(name, source.Exporter, source.Chunk, batch));
    }

    public void Silence(StatusSource source)
    {
        _statuses.Remove(source);
        _said.Add(new StatusDropped(name, source.Exporter, source.Chunk));
    }

    public void SetPolicy(ServicePolicy? policy)
    {
        _policy = policy;
        _policyChanged = true;
    }

    public ServiceFacts Facts() => new()
    {
        Instances = _instances.ToImmutable(),
        Statuses = _statuses.ToImmutable(),
        Policy = _policy,
    };

    /// <summary>Registrations and policy first, then what was said, in the order it was.</summary>
    public IEnumerable<DirectoryEffect> Effects()
    {
        if (_removed.Count > 0 || _upserted.Count > 0 || _policyChanged)
        {
            yield return new ServiceChanged(name, [.. _removed], [.. _upserted.Values], _policyChanged, _policy);
        }

        foreach (var effect in _said)
        {
            yield return effect;
        }
    }
}
