using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;

namespace Fairway.Core.Tests.Lanes;

/// <summary>Shorthand for a service and its lanes: <c>a a2:down blue/x</c> is two base instances, one down, and one in lane blue.</summary>
internal static class Topology
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static ServiceSnapshot Service(string instances, params string[] panicked) => new()
    {
        Service = "orders",
        Sequence = 1,
        GeneratedAt = Start,
        Instances = [.. instances.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Instance)],
        PanickedLanes = [.. panicked],
    };

    /// <param name="lanes"><c>blue green:orders</c>: two lanes, the second declares the service.</param>
    /// <param name="grey">The service's entry rule.</param>
    public static LaneTable Lanes(string lanes, GreyRule? grey = null)
    {
        var entries = lanes.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(text => text.Split(':')).ToList();
        return new LaneTable(
            new DirectoryTables
            {
                Lanes = entries.ToImmutableSortedDictionary(parts => parts[0], parts => new LaneRecord(parts[0], "op", Start, null), StringComparer.Ordinal),
                Declarations = entries.Where(parts => parts.Length > 1).ToImmutableSortedDictionary(
                    parts => parts[0], parts => ImmutableArray.Create(new LaneDeclaration(parts[1], "operator", "park")), StringComparer.Ordinal),
                Grey = grey is null ? DirectoryTables.Empty.Grey : DirectoryTables.Empty.Grey.Add("orders", grey),
            },
            1);
    }

    private static InstanceView Instance(string text)
    {
        var state = text.Split(':');
        var path = state[0].Split('/');
        var id = path[^1];
        return new InstanceView
        {
            Id = id,
            Address = id + ":80",
            Protocol = "http",
            Zone = "",
            Lane = path.Length > 1 ? path[0] : "",
            State = state.Length > 1 ? Enum.Parse<InstanceState>(state[1], ignoreCase: true) : InstanceState.Ready,
        };
    }
}
