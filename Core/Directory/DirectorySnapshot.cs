using System.Collections.Immutable;
using System.Globalization;

namespace Fairway.Core.Directory;

/// <summary>
/// All a Gateway shows, as of one instant; immutable. It is its producer's own sequence of versions: one epoch,
/// one counter over every change, and beside each list the counter of that list's last change.
/// </summary>
public sealed record DirectorySnapshot
{
    /// <summary>How many removed services are remembered for deltas; a reader older than these is given everything.</summary>
    public const int MaxTombstones = 1024;

    public required string Epoch { get; init; }

    /// <summary>The counter of the newest change of any kind.</summary>
    public long Counter { get; private init; } = 1;

    public ImmutableSortedDictionary<string, ServiceEntry> Services { get; private init; } =
        ImmutableSortedDictionary.Create<string, ServiceEntry>(StringComparer.Ordinal);

    public DirectoryTables Tables { get; private init; } = DirectoryTables.Empty;

    public TableCounters TableCounters { get; private init; } = new(1, 1, 1, 1, 1);

    /// <summary>The counter of the last change of the list of services.</summary>
    public long ServicesCounter { get; private init; } = 1;

    /// <summary>Removed services and the counters of their removal, oldest first.</summary>
    public ImmutableQueue<(string Service, long Counter)> Removed { get; private init; } = [];

    /// <summary>Deltas are complete only for readers at or after this counter.</summary>
    public long DeltaFloor { get; private init; } = 1;

    /// <summary>Whether a first listing came in.</summary>
    public bool Ready { get; private init; }

    /// <summary>Since when this may lag behind the registry; null when it does not.</summary>
    public DateTimeOffset? StaleSince { get; private init; }

    /// <summary>The counter at which <see cref="StaleSince"/> was last set or cleared; part of every list's version.</summary>
    public long StaleCounter { get; private init; } = 1;

    private int RemovedCount { get; init; }

    private ImmutableSortedDictionary<string, ImmutableSortedSet<string>> DeclaredIn { get; init; } =
        ImmutableSortedDictionary.Create<string, ImmutableSortedSet<string>>(StringComparer.Ordinal);

    /// <summary>Spells a list's version: <c>{epoch}-{counter}</c>.</summary>
    public string Version(long counter) =>
        string.Create(CultureInfo.InvariantCulture, $"{Epoch}-{Math.Max(counter, StaleCounter)}");

    /// <summary>
    /// The counter in <paramref name="version"/> if a reader holding it can be served a delta: of this epoch, not ahead of
    /// it, and not older than the removals still remembered.
    /// </summary>
    public bool TryReadBase(string? version, out long counter)
    {
        counter = 0;
        var dash = version?.LastIndexOf('-') ?? -1;
        return dash > 0
            && version.AsSpan(0, dash).SequenceEqual(Epoch)
            && long.TryParse(version.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out counter)
            && counter >= DeltaFloor && counter <= Counter;
    }

    /// <summary>The next snapshot; this one when <paramref name="change"/> says nothing new.</summary>
    public DirectorySnapshot Apply(DirectoryChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        var counter = Counter + 1;
        var tables = change.Tables ?? Tables;
        var tableCounters = change.Tables is null ? TableCounters : TableDiff.Advance(Tables, tables, TableCounters, counter);
        var declarationsChanged = tableCounters.Lanes == counter;
        var declaredIn = declarationsChanged ? InvertDeclarations(tables) : DeclaredIn;

        var services = Services.ToBuilder();
        var removed = Removed;
        var removedCount = RemovedCount;
        var servicesCounter = ServicesCounter;
        var news = false;

        foreach (var snapshot in change.Services)
        {
            Set(snapshot);
        }

        foreach (var name in change.Removed)
        {
            Set(Empty(name));
        }

        if (declarationsChanged)
        {
            foreach (var name in declaredIn.Keys.Union(DeclaredIn.Keys, StringComparer.Ordinal))
            {
                Set(services.TryGetValue(name, out var entry) ? entry.Snapshot : Empty(name));
            }
        }

        var floor = DeltaFloor;
        while (removedCount > MaxTombstones)
        {
            removed = removed.Dequeue(out var oldest);
            removedCount--;
            floor = oldest.Counter;
        }

        var staleChanged = change.Stale is { } stale && stale != StaleSince.HasValue;
        var readyChanged = change.Ready && !Ready;
        var next = services.ToImmutable();
        if (!news && tableCounters == TableCounters && !staleChanged && !readyChanged)
        {
            // Exporters and edges stand in no list: a change of them is no new version.
            var sameMembers = tables.Exporters.SequenceEqual(Tables.Exporters) && tables.Edges.SequenceEqual(Tables.Edges);
            return ReferenceEquals(next, Services) && sameMembers ? this : this with { Services = next, Tables = tables };
        }

        return this with
        {
            Counter = counter,
            Services = next,
            ServicesCounter = servicesCounter,
            Tables = tables,
            TableCounters = tableCounters,
            DeclaredIn = declaredIn,
            Removed = removed,
            RemovedCount = removedCount,
            DeltaFloor = floor,
            Ready = Ready || change.Ready,
            StaleSince = staleChanged ? (change.Stale is true ? change.At : null) : StaleSince,
            StaleCounter = staleChanged ? counter : StaleCounter,
        };

        ServiceSnapshot Empty(string name) => new() { Service = name, Sequence = 0, GeneratedAt = change.At, Instances = [] };

        void Set(ServiceSnapshot snapshot)
        {
            var name = snapshot.Service;
            var known = services.TryGetValue(name, out var before);
            var lanes = declaredIn.GetValueOrDefault(name);
            if (snapshot.Instances.IsEmpty && snapshot.Policy is null && lanes is null)
            {
                if (known)
                {
                    news = true;
                    services.Remove(name);
                    removed = removed.Enqueue((name, counter));
                    removedCount++;
                    servicesCounter = counter;
                }

                return;
            }

            var summary = ServiceSummary.Of(snapshot, lanes ?? []);
            if (!known || !summary.Equals(before!.Summary))
            {
                servicesCounter = counter;
            }
            else if (snapshot.NewsSequence == before.Snapshot.NewsSequence && snapshot.NewsSequence != 0)
            {
                services[name] = before with { Snapshot = snapshot }; // the same version, with figures of today
                return;
            }
            else if (ReferenceEquals(snapshot, before.Snapshot))
            {
                return;
            }

            news = true;
            services[name] = new ServiceEntry(snapshot, counter, summary);
        }
    }

    /// <summary>Names of services removed after <paramref name="counter"/> and not back since.</summary>
    public IEnumerable<string> RemovedSince(long counter) =>
        Removed.Where(gone => gone.Counter > counter && !Services.ContainsKey(gone.Service))
            .Select(gone => gone.Service).Distinct(StringComparer.Ordinal);

    private static ImmutableSortedDictionary<string, ImmutableSortedSet<string>> InvertDeclarations(DirectoryTables tables)
    {
        var declared = new Dictionary<string, ImmutableSortedSet<string>>(StringComparer.Ordinal);
        foreach (var (lane, declarations) in tables.Declarations)
        {
            foreach (var declaration in declarations)
            {
                declared[declaration.Service] = declared.TryGetValue(declaration.Service, out var lanes)
                    ? lanes.Add(lane)
                    : ImmutableSortedSet.Create(StringComparer.Ordinal, lane);
            }
        }

        return declared.ToImmutableSortedDictionary(StringComparer.Ordinal);
    }
}
