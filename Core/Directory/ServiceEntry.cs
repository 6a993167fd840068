using System.Collections.Immutable;

namespace Fairway.Core.Directory;

/// <summary>A service in a <see cref="DirectorySnapshot"/> with the counter of its last change.</summary>
public sealed record ServiceEntry(ServiceSnapshot Snapshot, long Counter, ServiceSummary Summary);

/// <summary>One line of the list of services.</summary>
/// <param name="Instances">All, of every lane and state.</param>
/// <param name="Usable">Those a router may send requests to.</param>
/// <param name="Lanes">Lanes it has instances in or is declared in, base left out, in order.</param>
public sealed record ServiceSummary(int Instances, int Usable, string Mode, ImmutableArray<string> Lanes)
{
    public bool Equals(ServiceSummary? other) =>
        other is not null && Instances == other.Instances && Usable == other.Usable
        && Mode == other.Mode && Lanes.AsSpan().SequenceEqual(other.Lanes.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Instances, Usable, Mode, Lanes.Length);

    public static ServiceSummary Of(ServiceSnapshot service, IEnumerable<string> declaredIn)
    {
        var lanes = new SortedSet<string>(declaredIn, StringComparer.Ordinal);
        var usable = 0;
        foreach (var instance in service.Instances)
        {
            usable += instance.IsUsable ? 1 : 0;
            if (instance.Lane.Length > 0)
            {
                lanes.Add(instance.Lane);
            }
        }

        return new ServiceSummary(service.Instances.Length, usable, service.Mode, [.. lanes]);
    }
}

/// <summary>Counters of the last change of each table of <see cref="DirectoryTables"/> that the Gateway publishes.</summary>
public readonly record struct TableCounters(long Lanes, long Grey, long Offline, long Limits, long Gateways);
