using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;

namespace Fairway.Core.Tests.Lanes;

/// <summary>Shorthand for a service and its lanes: <c>a a2:down blue/x</c> is two base instances, one down, and one in lane blue.</summary>
internal static class Topology
{
    public const string Service = "orders";

    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The n-th instance, from 1, has the address <c>10.0.0.{n}:80</c>.</summary>
    public static ServiceSnapshot Snapshot(string instances, params IEnumerable<string> panicked) => new()
    {
        Service = Service,
        Sequence = 1,
        GeneratedAt = Start,
        Instances = [.. instances.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Instance)],
        PanickedLanes = [.. panicked],
    };

    public static LanePools Pools(string instances, params IEnumerable<string> panicked) => LanePools.Of(Snapshot(instances, panicked));

    /// <param name="lanes"><c>blue green+</c>: two lanes, the second declares the service.</param>
    /// <param name="grey">The service's entry rule.</param>
    public static LaneTable Lanes(string lanes, GreyRule? grey = null)
    {
        var names = lanes.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return new LaneTable(
            new DirectoryTables
            {
                Lanes = names.Select(name => name.TrimEnd('+'))
                    .ToImmutableSortedDictionary(name => name, name => new LaneRecord(name, "op", Start, null), StringComparer.Ordinal),
                Declarations = names.Where(name => name.EndsWith('+')).ToImmutableSortedDictionary(
                    name => name.TrimEnd('+'), _ => ImmutableArray.Create(new LaneDeclaration(Service, "operator", "park")), StringComparer.Ordinal),
                Grey = grey is null ? DirectoryTables.Empty.Grey : DirectoryTables.Empty.Grey.Add(Service, grey),
            },
            "e-1");
    }

    private static InstanceView Instance(string text, int index)
    {
        var state = text.Split(':');
        var path = state[0].Split('/');
        return new InstanceView
        {
            Id = path[^1],
            Address = $"10.0.0.{index + 1}:80",
            Protocol = "http",
            Zone = "",
            Lane = path.Length > 1 ? path[0] : "",
            State = state.Length > 1 ? Enum.Parse<InstanceState>(state[1], ignoreCase: true) : InstanceState.Ready,
        };
    }
}
