using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;

namespace Fairway.Core.Tests.Lanes;

public sealed class TopicStampTests
{
    private static readonly LaneTable Table = new(
        new DirectoryTables
        {
            Lanes = ImmutableSortedDictionary<string, LaneRecord>.Empty
                .Add("blue", new LaneRecord("blue", "ann", default, null)).Add("red", new LaneRecord("red", "ann", default, null)),
            Declarations = ImmutableSortedDictionary<string, ImmutableArray<LaneDeclaration>>.Empty
                .Add("blue", [new LaneDeclaration("stock", "operator", "park"), new LaneDeclaration("billing", "operator", "base")]),
        },
        "e-7");

    [Fact]
    public void LaneFor_ALabel_IsTheLanesWhereItDeclaresTheServiceElseBase()
    {
        var stamp = TopicStamp.Of("orders", "blue", ["stock", "billing", "undeclared"], Table);

        Assert.Equal(("blue", "blue", null), (stamp.LaneFor("billing"), stamp.LaneFor("stock"), stamp.LaneFor("undeclared")));
        Assert.Equal("e-7;blue;billing,stock", stamp.Write());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("red")]
    [InlineData("unknown")]
    public void LaneFor_NothingDeclared_IsBaseForEverybody(string? label)
    {
        var stamp = TopicStamp.Of("orders", label, ["stock", "billing"], Table);

        Assert.Null(stamp.LaneFor("stock"));
        Assert.Equal("e-7;;", stamp.Write());
    }

    [Fact]
    public void TryRead_WhatWasWritten_IsEqual()
    {
        foreach (var label in new[] { null, "blue" })
        {
            var stamp = TopicStamp.Of("orders", label, ["stock", "billing"], Table);
            Assert.True(TopicStamp.TryRead(stamp.Write(), out var read));
            Assert.Equal(stamp, read);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("e-7")]
    [InlineData(";;")]
    [InlineData("e-7;blue;")]
    [InlineData("e-7;;stock")]
    [InlineData("e-7;not a lane;stock")]
    [InlineData("e-7;blue;stock;more")]
    public void TryRead_NoStamp_IsFalse(string? text) => Assert.False(TopicStamp.TryRead(text, out _));
}
