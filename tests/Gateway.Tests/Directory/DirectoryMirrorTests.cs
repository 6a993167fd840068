using Fairway.Core.Directory;
using Fairway.Gateway.Directory;
using Fairway.GrainInterfaces.Wire;
using Fairway.Testing;
using static Fairway.Gateway.Tests.Snapshots;

namespace Fairway.Gateway.Tests.Directory;

public sealed class DirectoryMirrorTests
{
    private readonly ManualClock _clock = new();
    private readonly DirectoryStore _store;
    private readonly DirectoryMirror _mirror;

    public DirectoryMirrorTests()
    {
        _store = new DirectoryStore(_clock);
        _mirror = new DirectoryMirror(_store, _clock);
        _mirror.Begin("e1");
    }

    [Fact]
    public void Take_WhileGathering_ShowsNothingUntilPublished()
    {
        Assert.True(_mirror.Take(Wire("e1", 1)));
        Assert.Empty(_store.Current.Services);
        Assert.True(_mirror.Publish(complete: true, staleFor: null));
        Assert.True(_store.Current.Ready);
        Assert.Equal(["s"], _store.Current.Services.Keys);
    }

    [Fact]
    public void Publish_NeverComplete_GivesUpWaiting()
    {
        Assert.False(_mirror.Publish(complete: false, staleFor: null));
        _clock.Advance(TimeSpan.FromSeconds(3));
        Assert.True(_mirror.Publish(complete: false, staleFor: null));
        Assert.True(_store.Current.Ready);
    }

    [Fact]
    public void Take_OldSequence_ChangesNothing()
    {
        _mirror.Publish(complete: true, staleFor: null);
        _mirror.Take(Wire("e1", 2, "new"));
        _mirror.Take(Wire("e1", 1, "old"));
        Assert.Equal("new", _store.Current.Services["s"].Snapshot.Instances[0].Id);
    }

    [Fact]
    public void Take_AfterRemoval_OldSnapshotDoesNotBringItBack()
    {
        _mirror.Publish(complete: true, staleFor: null);
        _mirror.Take(Wire("e1", 2));
        _mirror.Remove("s", 3);
        _mirror.Take(Wire("e1", 2));
        Assert.Empty(_store.Current.Services);
        _mirror.Take(Wire("e1", 4));
        _mirror.Remove("s", 3);
        Assert.Equal(["s"], _store.Current.Services.Keys);
    }

    [Fact]
    public void Take_OtherEpoch_IsRefused()
    {
        _mirror.Publish(complete: true, staleFor: null);
        Assert.False(_mirror.Take(Wire("e2", 9)));
        Assert.False(_mirror.Take(DirectoryTablesWire.From("e2", 9, DirectoryTables.Empty)));
        Assert.Empty(_store.Current.Services);
    }

    [Fact]
    public void Begin_NewEpoch_KeepsShowingTheOldAndThenAnotherEpoch()
    {
        _mirror.Take(Wire("e1", 5));
        _mirror.Publish(complete: true, staleFor: null);
        var before = _store.Current.Epoch;
        _clock.Advance(TimeSpan.FromSeconds(1));
        _mirror.Begin("e2");
        Assert.Equal(["s"], _store.Current.Services.Keys);
        _mirror.Publish(complete: true, staleFor: TimeSpan.FromSeconds(3));
        Assert.Empty(_store.Current.Services);
        Assert.NotEqual(before, _store.Current.Epoch);
        Assert.Equal(_clock.GetUtcNow() - TimeSpan.FromSeconds(3), _store.Current.StaleSince);
    }

    [Fact]
    public void RemoveAbsent_HeldBeforeAndGone_IsRemovedUnlessItCameMeanwhile()
    {
        _mirror.Publish(complete: true, staleFor: null);
        _mirror.Take(Wire("e1", 1));
        var before = _mirror.Held();
        _mirror.Take(Wire("e1", 2));
        _mirror.RemoveAbsent(before, []);
        Assert.Equal(["s"], _store.Current.Services.Keys);
        _mirror.RemoveAbsent(_mirror.Held(), []);
        Assert.Empty(_store.Current.Services);
    }

    private static ServiceSnapshotWire Wire(string epoch, long sequence, string id = "a") =>
        ServiceSnapshotWire.From(epoch, Service("s", Instance(id)) with { Sequence = sequence });
}
