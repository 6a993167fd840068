using Fairway.Core.Directory;
using Fairway.Core.Scoring;
using Fairway.Exporter.Probing;
using Fairway.Exporter.Status;
using Fairway.Registry.Schema;
using Fairway.Testing;

namespace Fairway.Exporter.Tests.Status;

public sealed class ServiceBoardTests
{
    private static readonly LoadSample Idle = new(0, 0.1, 0, double.NaN, 0, 0);
    private static readonly LoadSample Busy = new(0.9, 0.1, 5, 20, 50, 0);

    private readonly ManualClock _time = new();
    private readonly ServiceBoard _board;

    public ServiceBoardTests() => _board = new ServiceBoard(_time);

    [Fact]
    public void Take_WithoutNews_IsNothing()
    {
        _board.Add("a");
        Assert.Empty(_board.Take());

        Report("a", Idle);
        Assert.Single(_board.Take());
        Assert.Empty(_board.Take());
    }

    [Fact]
    public void Take_OneChanged_NamesItAndAllThatAreDown()
    {
        Add("a", "b", "c");
        _board.SetLife("a", Life.Down, "refused");
        _board.SetLife("b", Life.Up, "");
        _board.Take();

        Report("c", Busy);
        var items = Batch(_board.Take().Single()).Items;

        Assert.Equal(["a", "c"], items.Select(item => item.Id));
        Assert.Equal(new InstanceStatus { Id = "a", Life = Life.Down, DownReason = "refused" }, items[0]);
        Assert.Equal(Busy, items[1].Sample);
    }

    [Fact]
    public void Yield_OfADownOne_IsNamedForAWhileThenDropped()
    {
        Add("a", "b");
        _board.SetLife("a", Life.Down, "refused");
        _board.Take();

        _board.Yield("a");
        _board.SetLife("a", Life.Up, ""); // its last check may end after
        Assert.Equal(Life.Yielded, Batch(_board.Take().Single()).Items.Single().Life);

        Report("b", Busy);
        Assert.Equal(["a", "b"], Batch(_board.Take().Single()).Items.Select(item => item.Id));

        _time.Advance(ServiceBoard.YieldFor);
        Assert.Empty(Batch(_board.Take().Single()).Items);
        Assert.Empty(_board.Take());
    }

    [Fact]
    public void Yield_OfTheOnlyOne_EndsWithAnEmptyBatchNotADeletedKey()
    {
        Add("a");
        _board.SetLife("a", Life.Down, "refused");
        _board.Yield("a");
        _board.Take();
        _time.Advance(ServiceBoard.YieldFor);

        Assert.Empty(Batch(_board.Take().Single()).Items);
    }

    [Fact]
    public void Yield_OfOneThatIsUp_DropsIt()
    {
        Add("a", "b");
        _board.SetLife("a", Life.Up, "");
        _board.Take();

        _board.Yield("a");

        Assert.Empty(_board.Take());
    }

    [Fact]
    public void Add_AfterYield_KeepsItDownUntilItIsChecked()
    {
        Add("a");
        _board.SetLife("a", Life.Down, "refused");
        _board.Yield("a");
        Add("a");
        _time.Advance(ServiceBoard.YieldFor);
        Assert.Equal(Life.Yielded, Batch(_board.Take().Single()).Items.Single().Life);

        _board.SetLife("a", Life.Up, "");
        Assert.Equal(Life.Up, Batch(_board.Take().Single()).Items.Single().Life);
    }

    [Fact]
    public void Take_Sample_HasItsAgeAtThePut()
    {
        Add("a");
        Report("a", Busy, interval: 10);
        _time.Advance(TimeSpan.FromMilliseconds(700));

        var item = Batch(_board.Take().Single()).Items.Single();

        Assert.Equal(TimeSpan.FromMilliseconds(700), item.SampleAge);
        Assert.Equal(TimeSpan.FromSeconds(10), item.ReportInterval);
        Assert.False(item.SampledAgain);
    }

    [Fact]
    public void Take_SameFigures_SaysAgainAndNowAndThenAllOfThem()
    {
        Add("a");
        var told = new List<bool>();
        for (var second = 0; second <= 11; second++)
        {
            Report("a", Idle);
            var item = Batch(_board.Take().Single()).Items.Single();
            Assert.NotEqual(item.SampledAgain, item.Sample is not null);
            told.Add(item.Sample is not null);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal([0, 10], told.Index().Where(each => each.Item).Select(each => each.Index));
    }

    [Fact]
    public void Take_SameFiguresBeforeTheFirstPut_TellsThem()
    {
        Add("a");
        Report("a", Busy);
        Report("a", Busy);

        Assert.Equal(Busy, Batch(_board.Take().Single()).Items.Single().Sample);
    }

    [Fact]
    public void GiveBack_DownMark_IsNewsAgain()
    {
        Add("a");
        _board.SetLife("a", Life.Down, "refused");
        _board.GiveBack(_board.Take().Single());

        Assert.Equal(Life.Down, Batch(_board.Take().Single()).Items.Single().Life);
    }

    [Fact]
    public void GiveBack_OlderThanNewerNews_LatestWins()
    {
        Add("a");
        _board.SetLife("a", Life.Down, "refused");
        Report("a", Idle);
        var failed = _board.Take().Single();
        _board.SetLife("a", Life.Up, "");
        Report("a", Busy);
        _board.GiveBack(failed);

        var item = Batch(_board.Take().Single()).Items.Single();

        Assert.Equal((Life.Up, Busy), (item.Life, item.Sample));
        Assert.Null(item.DownReason);
    }

    [Fact]
    public void GiveBack_SampleThenSameFigures_TellsThemWhole()
    {
        Add("a");
        Report("a", Busy);
        var failed = _board.Take().Single();
        Report("a", Busy);
        _board.GiveBack(failed);

        Assert.Equal(Busy, Batch(_board.Take().Single()).Items.Single().Sample);
    }

    [Fact]
    public void GiveBack_OfOneThatLeft_IsForgotten()
    {
        Add("a", "b");
        _board.SetLife("a", Life.Down, "refused");
        var failed = _board.Take().Single();
        _board.Remove("a");
        _board.GiveBack(failed);

        Assert.Empty(Batch(_board.Take().Single()).Items);
    }

    [Fact]
    public void Remove_LastOne_DeletesTheKeyOnce()
    {
        Add("a");
        Report("a", Idle);
        _board.Take();
        _board.Remove("a");

        Assert.Null(_board.Take().Single().Batch);
        Assert.Empty(_board.Take());
    }

    [Fact]
    public void Remove_NeverPut_WritesNothing()
    {
        Add("a");
        _board.Remove("a");

        Assert.Empty(_board.Take());
    }

    [Fact]
    public void RestateAll_NamesEverythingKnown()
    {
        Add("up", "down", "new");
        _board.SetLife("up", Life.Up, "");
        _board.SetLife("down", Life.Down, "refused");
        Report("up", Busy);
        _board.Take();
        _time.Advance(TimeSpan.FromSeconds(5));

        _board.RestateAll();
        var items = Batch(_board.Take().Single()).Items;

        Assert.Equal(["up", "down"], items.Select(item => item.Id));
        Assert.Equal((Life.Up, Busy, TimeSpan.FromSeconds(5)), (items[0].Life, items[0].Sample!.Value, items[0].SampleAge));
        Assert.Equal(Life.Down, items[1].Life);
    }

    [Fact]
    public void Take_ThousandsWithLongestNames_IsChunksUnderTheLimitThatKeepTheirMembers()
    {
        var ids = Enumerable.Range(0, 2000).Select(i => $"{i:0000}{new string('x', 124)}").ToArray();
        Add(ids);
        foreach (var id in ids)
        {
            _board.SetLife(id, Life.Down, new string('ж', 500));
            Report(id, Busy);
        }

        var writes = _board.Take();

        Assert.Equal([0, 1, 2, 3], writes.Select(write => write.Chunk));
        Assert.Equal(ids.Order(), writes.SelectMany(write => write.Batch!.Items).Select(item => item.Id).Order());
        Assert.All(writes, write => Assert.Single(StatusCodec.Split(write.Batch!)));

        // One of the first chunk leaves: nobody moves over, a newcomer takes the place.
        var second = Batch(writes[1]).Items[0].Id;
        _board.Remove(ids[0]);
        Add("newcomer");
        Report("newcomer", Idle);
        Report(second, Idle);
        writes = _board.Take();
        Assert.Equal([0, 1], writes.Select(write => write.Chunk));
        Assert.Contains(Batch(writes[0]).Items, item => item.Id == "newcomer");
        Assert.Contains(Batch(writes[1]).Items, item => item.Id == second);
    }

    private static StatusBatch Batch(ChunkWrite write) => Assert.IsType<StatusBatch>(write.Batch);

    private void Add(params string[] ids)
    {
        foreach (var id in ids)
        {
            _board.Add(id);
        }
    }

    private void Report(string id, LoadSample load, int interval = 1) =>
        _board.SetSample(id, new SampleNow(load, _time.GetTimestamp(), TimeSpan.FromSeconds(interval)));
}
