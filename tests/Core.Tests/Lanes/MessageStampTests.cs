using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;

namespace Fairway.Core.Tests.Lanes;

public class MessageStampTests
{
    [Theory]
    [InlineData("blue+", null, "GID_paid", null, "park")]
    [InlineData("blue+", "blue", "GID_blue_paid", "blue", "park")]
    [InlineData("blue", "blue", "GID_paid", null, "park")] // the lane does not declare that consumer
    [InlineData("green+", "blue", "GID_paid", null, "park")]
    public void Of_Label_IsTheLanesGroupOnlyWhereDeclared(string lanes, string? label, string group, string? lane, string onConsumerDown) =>
        Assert.Equal(new MessageStamp(group, lane, label, onConsumerDown, "e-1"), MessageStamp.Of("paid", Topology.Service, label, Topology.Lanes(lanes)));

    [Fact]
    public void Of_DeclarationSaysBase_StampsIt()
    {
        var tables = new DirectoryTables
        {
            Lanes = DirectoryTables.Empty.Lanes.Add("blue", new LaneRecord("blue", "op", Topology.Start, null)),
            Declarations = DirectoryTables.Empty.Declarations.Add("blue", ImmutableArray.Create(new LaneDeclaration("orders", "operator", "base"))),
        };
        Assert.Equal("base", MessageStamp.Of("paid", "orders", "blue", new LaneTable(tables, "1")).OnConsumerDown);
    }
}
