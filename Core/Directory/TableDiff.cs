using System.Collections.Immutable;
using Fairway.Core.Lanes;

namespace Fairway.Core.Directory;

/// <summary>Finds which tables differ by content, so that a table read anew but unchanged keeps its version.</summary>
internal static class TableDiff
{
    public static TableCounters Advance(DirectoryTables before, DirectoryTables after, TableCounters counters, long counter) => new(
        Lanes: Same(before.Lanes, after.Lanes, Equals) && Same(before.Declarations, after.Declarations, SameItems) ? counters.Lanes : counter,
        Grey: Same(before.Grey, after.Grey, SameRule) ? counters.Grey : counter,
        Offline: Same(before.Offline, after.Offline, Equals) ? counters.Offline : counter,
        Limits: Same(before.Limits, after.Limits, Equals) ? counters.Limits : counter,
        Gateways: SameItems(before.Gateways, after.Gateways) ? counters.Gateways : counter);

    private static bool Same<T>(
        ImmutableSortedDictionary<string, T> before, ImmutableSortedDictionary<string, T> after, Func<T, T, bool> same) =>
        ReferenceEquals(before, after)
        || (before.Count == after.Count
            && before.All(pair => after.TryGetValue(pair.Key, out var other) && same(pair.Value, other)));

    private static bool SameItems<T>(ImmutableArray<T> before, ImmutableArray<T> after) => before.SequenceEqual(after);

    private static bool SameRule(GreyRule before, GreyRule after) =>
        before.Target == after.Target && before.Salt == after.Salt && before.Kill == after.Kill
        && before.RatioPer10000 == after.RatioPer10000
        && before.Whitelist.SequenceEqual(after.Whitelist) && before.Regions.SequenceEqual(after.Regions);

    private static bool Equals<T>(T before, T after) => EqualityComparer<T>.Default.Equals(before, after);
}
