using Fairway.Core.Directory;
using Fairway.Registry;
using Fairway.Registry.Schema;

namespace Fairway.Grains.Tests.Faults;

/// <summary>
/// What the directory may do with what it reads, written down a second time and plainly: who may leave when, when the view is
/// stale, when an epoch ends. Checked after each event.
/// </summary>
internal sealed class DirectoryModel(FaultyCluster cluster, IReadOnlyList<string> pillars)
{
    private static readonly TimeSpan Hold = TimeSpan.FromSeconds(10);

    private readonly DirectoryReducer _reducer = new();
    private readonly Dictionary<string, TimeSpan> _heldUntil = [];
    private SortedSet<string> _shown = new(StringComparer.Ordinal);

    public DirectoryState State { get; private set; } = DirectoryState.Initial;

    public int Epochs { get; private set; }

    public int Held { get; private set; }

    public void Take(DirectoryEvent happened)
    {
        var (wasReady, before) = (State.IsReady, State.Services);
        (State, var effects) = _reducer.Apply(State, happened);
        if (happened is Tick && ReferenceEquals(before, State.Services))
        {
            Assert.All(_heldUntil.Values, until => Assert.True(until > happened.Now.Elapsed || State.StaleSince is not null));
            return;
        }

        var shown = Shown();
        var left = _shown.Except(shown).ToList();
        Assert.All(left, id => Assert.True(MayLeave(id, happened), $"{id} left at {happened.GetType().Name}"));
        foreach (var gone in left)
        {
            _heldUntil.Remove(gone);
        }

        if (happened is Listed or Changed)
        {
            Assert.Null(State.StaleSince);
        }

        if (happened is Lost)
        {
            Assert.NotNull(State.StaleSince);
        }

        if (happened is Listed listed)
        {
            HoldTheAbsent(listed, shown);
            var isOther = wasReady && listed.Restored;
            Assert.Equal(isOther, effects.OfType<EpochChanged>().Any());
            Epochs += isOther ? 1 : 0;
        }
        else
        {
            Assert.Empty(effects.OfType<EpochChanged>());
        }

        foreach (var back in Present(happened))
        {
            _heldUntil.Remove(back);
        }

        Assert.True(!State.IsReady || shown.IsSupersetOf(pillars), "an instance that was always registered left a list");
        _shown = shown;
    }

    public void IsCaughtUp()
    {
        var truth = FaultyCluster.At(cluster.Log, cluster.Revision);
        var instances = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var (key, (value, revision)) in truth)
        {
            Assert.True(RegistryKey.TryParse(key, out var parsed) || !key.StartsWith(RegistryKeys.Prefix, StringComparison.Ordinal));
            var entry = new RegistryEntry(key, Google.Protobuf.ByteString.CopyFrom(value), revision, revision, 1, 0);
            if (parsed is null || !RegistryDecoder.TryDecode(entry, out var decoded))
            {
                // Of what cannot be read, that which was known stands.
                if (parsed is InstanceKey { } garbled && Shown().Contains($"{garbled.Service}/{garbled.Id}"))
                {
                    instances.Add($"{garbled.Service}/{garbled.Id}");
                }

                continue;
            }

            switch (decoded)
            {
                case DecodedEntry.Instance { Record: { } record }:
                    instances.Add($"{record.Service}/{record.Id}");
                    Assert.Equal(record.Address, State.Services[record.Service].Instances[record.Id].Address);
                    break;
                case DecodedEntry.Status { Of: { } of, Batch: { } batch }:
                    Assert.Equal(batch.Items.Single().Sample, State.Services[of.Service].Statuses[new StatusSource(of.Exporter, $"{of.Chunk}")].Items.Single().Sample);
                    break;
                case DecodedEntry.Policy { Of: { } of, Record: { } policy }:
                    Assert.Equal(policy.Reason, State.Services[of.Service].Policy!.Reason);
                    break;
                case DecodedEntry.Offline { Record: { } mark }:
                    Assert.Equal(mark.Reason, State.Tables.Offline[mark.Address].Reason);
                    break;
            }
        }

        Assert.Equal(instances, Shown());
        Assert.Equal(truth.Keys.Count(key => key.StartsWith(RegistryKeys.Offlines, StringComparison.Ordinal)), State.Tables.Offline.Count);
        Assert.Equal(
            truth.Keys.Count(key => key.StartsWith(RegistryKeys.Policies, StringComparison.Ordinal)),
            State.Services.Values.Count(service => service.Policy is not null));
        Assert.Null(State.StaleSince);
        Assert.Equal(0, State.HeldCount);
    }

    private static IEnumerable<string> Present(DirectoryEvent happened) => happened switch
    {
        Listed listed => listed.Facts.OfType<InstanceFact>().Select(Name)
            .Concat(listed.Unreadable.Where(key => key.Kind is FactKind.Instance).Select(Name)),
        Changed changed => changed.Changes.Select(change => change.Fact).OfType<InstanceFact>().Select(Name)
            .Concat(changed.Unreadable.Where(key => key.Kind is FactKind.Instance).Select(Name)),
        _ => [],
    };

    private static string Name(FactKey key) => $"{key.First}/{key.Second}";

    private static string Name(InstanceFact fact) => $"{fact.Record.Service}/{fact.Record.Id}";

    private SortedSet<string> Shown() => new(
        State.Services.SelectMany(service => service.Value.Instances.Keys.Select(id => $"{service.Key}/{id}")), StringComparer.Ordinal);

    private bool MayLeave(string id, DirectoryEvent happened)
    {
        var isOver = _heldUntil.TryGetValue(id, out var until) && until <= happened.Now.Elapsed;
        return happened switch
        {
            Changed changed => isOver || changed.Changes.Any(change =>
                change.Fact is null && change.Key.Kind is FactKind.Instance && $"{change.Key.First}/{change.Key.Second}" == id),
            Listed listed => isOver || (!Present(listed).Contains(id) && !MustHold(id, listed)),
            Tick => isOver,
            _ => false,
        };
    }

    /// <summary>A listing that lost over half of all, or over half of a service of three or more, or what is held already.</summary>
    private bool MustHold(string id, Listed listed)
    {
        var missing = _shown.Except(Present(listed)).ToList();
        var service = id.Split('/')[0] + "/";
        var had = _shown.Count(other => other.StartsWith(service, StringComparison.Ordinal));
        var lost = missing.Count(other => other.StartsWith(service, StringComparison.Ordinal));
        return _heldUntil.ContainsKey(id) || 2 * missing.Count > _shown.Count || (had >= 3 && 2 * lost > had);
    }

    private void HoldTheAbsent(Listed listed, SortedSet<string> shown)
    {
        foreach (var id in shown.Except(Present(listed)))
        {
            Held += _heldUntil.TryAdd(id, listed.Now.Elapsed + Hold) ? 1 : 0;
        }
    }
}
