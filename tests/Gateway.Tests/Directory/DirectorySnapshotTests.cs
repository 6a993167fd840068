using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using static Fairway.Gateway.Tests.Snapshots;

namespace Fairway.Gateway.Tests.Directory;

public sealed class DirectorySnapshotTests
{
    private static readonly DirectorySnapshot Empty = new() { Epoch = "e" };

    [Fact]
    public void Apply_NothingNew_IsTheSameSnapshot()
    {
        var tables = Tables(["u1"]);
        var first = Empty.Apply(new DirectoryChange(At) { Tables = tables, Ready = true, Stale = false });
        Assert.Same(first, first.Apply(new DirectoryChange(At) { Tables = Tables(["u1"]), Ready = true, Stale = false, Removed = ["nobody"] }));
    }

    [Fact]
    public void Apply_MembersThatAreInNoList_AreShownUnderTheSameVersion()
    {
        var first = Empty.Apply(new DirectoryChange(At) { Tables = Tables(["u1"]) });
        var edge = new Member("e", "10.0.0.1:80", "1");

        var next = first.Apply(new DirectoryChange(At) { Tables = Tables(["u1"]) with { Edges = [edge] } });

        Assert.Equal(edge, Assert.Single(next.Tables.Edges));
        Assert.Equal(first.Counter, next.Counter);
    }

    [Fact]
    public void Apply_OneTableChanged_MovesItsCounterOnly()
    {
        var first = Empty.Apply(new DirectoryChange(At) { Tables = Tables(["u1"]) });
        var next = first.Apply(new DirectoryChange(At) { Tables = Tables(["u2"]) });
        Assert.Equal(first.TableCounters with { Grey = next.Counter }, next.TableCounters);
        Assert.Equal(first.Counter + 1, next.Counter);
    }

    [Fact]
    public void Apply_WeightsMoved_LeavesTheListOfServicesAlone()
    {
        var first = Empty.Apply(new DirectoryChange(At) { Services = [Service("s", Instance("a"))] });
        var next = first.Apply(new DirectoryChange(At) { Services = [Service("s", Instance("a", 2))] });
        Assert.Equal(first.ServicesCounter, next.ServicesCounter);
        Assert.Equal(next.Counter, next.Services["s"].Counter);
        var down = next.Apply(new DirectoryChange(At) { Services = [Service("s", Instance("a", 2, InstanceState.Down))] });
        Assert.Equal(down.Counter, down.ServicesCounter);
    }

    [Fact]
    public void Apply_FiguresOnly_ShowsThemUnderTheSameVersion()
    {
        var news = Service("s", Instance("a")) with { Sequence = 7, NewsSequence = 7 };
        var first = Empty.Apply(new DirectoryChange(At) { Services = [news] });
        var fresh = news with { Sequence = 8, Instances = [news.Instances[0] with { Cpu = 0.9 }] };

        var next = first.Apply(new DirectoryChange(At) { Services = [fresh] });

        Assert.Equal(first.Counter, next.Counter);
        Assert.Equal(first.Services["s"].Counter, next.Services["s"].Counter);
        Assert.Equal(0.9, next.Services["s"].Snapshot.Instances[0].Cpu);
        Assert.Equal(next.Counter + 1, next.Apply(new DirectoryChange(At) { Services = [fresh with { Sequence = 9, NewsSequence = 9 }] }).Counter);
    }

    [Fact]
    public void Apply_DeclaredOnly_IsAServiceUntilTheDeclarationGoes()
    {
        var declared = Empty.Apply(new DirectoryChange(At) { Tables = Declaring("blue", "s") });
        Assert.Equal("blue", Assert.Single(declared.Services["s"].Summary.Lanes));
        var left = declared.Apply(new DirectoryChange(At) { Removed = ["s"] });
        Assert.True(left.Services.ContainsKey("s"));
        var gone = left.Apply(new DirectoryChange(At) { Tables = DirectoryTables.Empty });
        Assert.Empty(gone.Services);
        Assert.Equal(["s"], gone.RemovedSince(declared.Counter));
    }

    [Fact]
    public void RemovedSince_BackAgain_IsNotNamed()
    {
        var first = Empty.Apply(new DirectoryChange(At) { Services = [Service("s", Instance("a")), Service("t", Instance("b"))] });
        var gone = first.Apply(new DirectoryChange(At) { Removed = ["s", "t"] });
        var back = gone.Apply(new DirectoryChange(At) { Services = [Service("s", Instance("a"))] });
        Assert.Equal(["t"], back.RemovedSince(first.Counter));
        Assert.Empty(back.RemovedSince(gone.Counter));
    }

    [Fact]
    public void TryReadBase_TooManyRemovals_ForgetsTheOldest()
    {
        var snapshot = Empty;
        for (var i = 0; i <= DirectorySnapshot.MaxTombstones; i++)
        {
            snapshot = snapshot.Apply(new DirectoryChange(At) { Services = [Service("s", Instance("a"))] });
            snapshot = snapshot.Apply(new DirectoryChange(At) { Removed = ["s"] });
        }

        Assert.False(snapshot.TryReadBase("e-2", out _));
        Assert.True(snapshot.TryReadBase("e-3", out _));
        Assert.Equal(DirectorySnapshot.MaxTombstones, snapshot.Removed.Count());
    }

    [Theory]
    [InlineData("e-1", true)]
    [InlineData("e-2", true)]
    [InlineData("e-3", false)]
    [InlineData("e-0", false)]
    [InlineData("f-1", false)]
    [InlineData("e--1", false)]
    [InlineData("e-", false)]
    [InlineData("-1", false)]
    [InlineData("1", false)]
    [InlineData(null, false)]
    public void TryReadBase_OnlyOwnPast_IsABase(string? version, bool expected)
    {
        var snapshot = Empty.Apply(new DirectoryChange(At) { Ready = true });
        Assert.Equal(expected, snapshot.TryReadBase(version, out _));
    }

    private static DirectoryTables Tables(string[] whitelist) => Declaring("blue", "s") with
    {
        Grey = DirectoryTables.Empty.Grey.Add("s", new GreyRule { Target = "blue", Whitelist = [.. whitelist] }),
    };

    private static DirectoryTables Declaring(string lane, string service) => DirectoryTables.Empty with
    {
        Lanes = DirectoryTables.Empty.Lanes.Add(lane, new LaneRecord(lane, "ann", At, null)),
        Declarations = DirectoryTables.Empty.Declarations.Add(lane, ImmutableArray.Create(new LaneDeclaration(service, "operator", "park"))),
    };
}
