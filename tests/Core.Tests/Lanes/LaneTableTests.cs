using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;

namespace Fairway.Core.Tests.Lanes;

public class LaneTableTests
{
    [Fact]
    public void LookUps_Table_AnswerByLaneAndService()
    {
        var table = Topology.Lanes("blue+ green", new GreyRule { Target = "blue" });

        Assert.Equal("e-1", table.Version);
        Assert.True(table.Knows("blue"));
        Assert.False(table.Knows("Blue"));
        Assert.True(table.Declares("blue", "orders"));
        Assert.False(table.Declares("blue", "payments"));
        Assert.False(table.Declares("green", "orders"));
        Assert.True(table.TryGetDeclaration("blue", "orders", out var declaration));
        Assert.Equal("park", declaration.OnConsumerDown);
        Assert.True(table.TryGetLane("green", out var lane));
        Assert.Equal("op", lane.Owner);
        Assert.Equal("blue", table.GreyOf("orders")?.Rule.Target);
        Assert.Null(table.GreyOf("payments"));
    }

    [Fact]
    public void Declares_LaneNotInTheEnvironmentList_Not()
    {
        var tables = new DirectoryTables
        {
            Declarations = ImmutableSortedDictionary<string, ImmutableArray<LaneDeclaration>>.Empty
                .Add("gone", [new LaneDeclaration("orders", "operator", "park")]),
        };
        Assert.False(new LaneTable(tables, "1").Declares("gone", "orders"));
    }
}
