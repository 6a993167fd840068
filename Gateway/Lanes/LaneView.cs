using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;

namespace Fairway.Gateway.Lanes;

/// <summary>What lane decisions are made by, derived from snapshots and kept as long as they are.</summary>
internal static class LaneView
{
    private static readonly ConditionalWeakTable<DirectoryTables, LaneTable> Tables = [];
    private static readonly ConditionalWeakTable<ServiceSnapshot, Made> Pools = [];

    /// <summary>Made once for each tables; services come and go far more often than lanes do.</summary>
    public static LaneTable TableOf(DirectorySnapshot snapshot) => Tables.GetValue(
        snapshot.Tables, _ => new LaneTable(snapshot.Tables, snapshot.Version(Math.Max(snapshot.TableCounters.Lanes, snapshot.TableCounters.Grey))));

    /// <summary>Made once for each snapshot of the service and list of offline addresses.</summary>
    public static LanePools PoolsOf(DirectorySnapshot snapshot, string service)
    {
        if (!snapshot.Services.TryGetValue(service, out var entry))
        {
            return LanePools.Empty;
        }

        var marks = snapshot.Tables.Offline;
        if (Pools.TryGetValue(entry.Snapshot, out var made) && ReferenceEquals(made.Marks, marks))
        {
            return made.Pools;
        }

        var pools = LanePools.Of(entry.Snapshot, marks.IsEmpty ? null : marks.Keys.ToHashSet(StringComparer.Ordinal));
        Pools.AddOrUpdate(entry.Snapshot, new Made(marks, pools));
        return pools;
    }

    private sealed record Made(ImmutableSortedDictionary<string, OfflineMark> Marks, LanePools Pools);
}
