using Fairway.Core.Time;

namespace Fairway.Core.Tests.Time;

public sealed class TimingWheelTests
{
    private const long PerTick = 100;
    private const long Frequency = 1000; // so a tick is 100 ms

    [Fact]
    public void Advance_BeforeDue_HandsNothingBack()
    {
        var wheel = NewWheel();
        wheel.Schedule("a", 250);

        Assert.Empty(Advance(wheel, 299));
        Assert.Equal(1, wheel.Count);
    }

    [Fact]
    public void Advance_ToFirstTickAtOrAfterDue_HandsItBackOnce()
    {
        var wheel = NewWheel();
        wheel.Schedule("a", 250);
        wheel.Schedule("b", 300);

        Assert.Equal(["a", "b"], Advance(wheel, 300).Order());
        Assert.Empty(Advance(wheel, 10_000));
        Assert.Equal(0, wheel.Count);
    }

    [Fact]
    public void Advance_EntrySeveralTurnsOff_IsNotEarly()
    {
        var wheel = NewWheel(slots: 4);
        wheel.Schedule("far", 10 * PerTick);

        for (var tick = 1; tick < 10; tick++)
        {
            Assert.Empty(Advance(wheel, tick * PerTick));
        }

        Assert.Equal(["far"], Advance(wheel, 10 * PerTick));
    }

    [Fact]
    public void Advance_OverManyTurnsAtOnce_HandsAllDueBackAndKeepsTheRest()
    {
        var wheel = NewWheel(slots: 4);
        for (var tick = 1; tick <= 50; tick++)
        {
            wheel.Schedule(tick.ToString(), tick * PerTick);
        }

        Assert.Equal(40, Advance(wheel, 40 * PerTick).Count);
        Assert.Equal(Enumerable.Range(41, 10).Select(tick => tick.ToString()), Advance(wheel, 50 * PerTick).Order());
    }

    [Fact]
    public void Advance_OverSeveralTicks_HandsBackTickByTick()
    {
        var wheel = NewWheel();
        wheel.Schedule("third", 300);
        wheel.Schedule("first", 100);
        wheel.Schedule("second", 200);

        Assert.Equal(["first", "second", "third"], Advance(wheel, 350));
    }

    [Fact]
    public void Schedule_InThePast_IsDueAtTheNextTick()
    {
        var wheel = NewWheel();
        Advance(wheel, 500);
        wheel.Schedule("late", 100);

        Assert.Empty(Advance(wheel, 550));
        Assert.Equal(["late"], Advance(wheel, 600));
    }

    [Fact]
    public void Advance_BackInTime_ChangesNothing()
    {
        var wheel = NewWheel();
        Advance(wheel, 500);
        wheel.Schedule("a", 600);

        Assert.Empty(Advance(wheel, 0));
        Assert.Equal(["a"], Advance(wheel, 600));
    }

    [Fact]
    public void Cancel_Waiting_TakesItBack()
    {
        var wheel = NewWheel(slots: 1);
        var entries = Enumerable.Range(0, 5).Select(i => wheel.Schedule(i.ToString(), 100)).ToArray();

        Assert.True(entries[0].Cancel());
        Assert.True(entries[2].Cancel());
        Assert.True(entries[4].Cancel());

        Assert.Equal(["1", "3"], Advance(wheel, 100).Order());
    }

    [Fact]
    public void Cancel_HandedBackOrCancelled_IsFalse()
    {
        var wheel = NewWheel();
        var due = wheel.Schedule("due", 100);
        var cancelled = wheel.Schedule("cancelled", 100);
        Assert.True(cancelled.Cancel());
        Advance(wheel, 100);

        Assert.False(due.Cancel());
        Assert.False(cancelled.Cancel());
    }

    [Fact]
    public void Advance_RandomSchedulesAndCancels_AgreesWithASortedList()
    {
        var random = new Random(7);
        var wheel = NewWheel(slots: 8);
        var model = new List<(int Id, long DueTick)>();
        var entries = new Dictionary<int, TimingWheel<string>.Entry>();
        long now = 0;
        for (var id = 0; id < 5000; id++)
        {
            var due = now + random.Next(0, 3000);
            entries[id] = wheel.Schedule(id.ToString(), due);
            model.Add((id, Math.Max((due + PerTick - 1) / PerTick, (now / PerTick) + 1)));
            if (random.Next(3) == 0)
            {
                var victim = random.Next(id + 1);
                Assert.Equal(model.RemoveAll(entry => entry.Id == victim) == 1, entries[victim].Cancel());
            }

            now += random.Next(0, 120);
            var expected = model.Where(entry => entry.DueTick <= now / PerTick).Select(entry => entry.Id).Order().ToArray();
            model.RemoveAll(entry => entry.DueTick <= now / PerTick);
            Assert.Equal(expected, Advance(wheel, now).Select(int.Parse).Order());
        }

        Assert.Equal(model.Count, wheel.Count);
    }

    [Theory]
    [InlineData(0, 1000, 8)]
    [InlineData(1000, 0, 8)]
    [InlineData(1000, 1000, 0)]
    [InlineData(1000, 1, 8)] // less than one timestamp a tick
    public void New_WithoutMeaning_Throws(long frequency, long tickMicroseconds, int slots) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new TimingWheel<string>(frequency, 0, TimeSpan.FromMicroseconds(tickMicroseconds), slots));

    private static TimingWheel<string> NewWheel(int slots = 16) => new(Frequency, 0, TimeSpan.FromMilliseconds(100), slots);

    private static List<string> Advance(TimingWheel<string> wheel, long now)
    {
        List<string> due = [];
        wheel.Advance(now, due);
        return due;
    }
}
