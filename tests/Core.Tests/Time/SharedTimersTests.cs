using Fairway.Core.Time;
using Fairway.Testing;

namespace Fairway.Core.Tests.Time;

public sealed class SharedTimersTests
{
    private readonly ManualClock _clock = new();
    private readonly List<string> _fired = [];

    [Fact]
    public void Advance_TimersOfManyDueTimes_FireInOrderEachAtItsTime()
    {
        using var timers = new SharedTimers(_clock);
        foreach (var seconds in (int[])[5, 1, 3, 60, 2])
        {
            Add(timers, $"{seconds}", seconds);
        }

        _clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(["1 at 1", "2 at 2", "3 at 3"], _fired);
        _clock.Advance(TimeSpan.FromSeconds(100));
        Assert.Equal(["5 at 5", "60 at 60"], _fired.Skip(3));
        Assert.Equal(0, timers.Places);
    }

    [Fact]
    public void Change_PutOffAgainAndAgain_FiresOnceAndTakesOnePlace()
    {
        using var timers = new SharedTimers(_clock);
        var timer = Add(timers, "idle", 10);
        for (var i = 0; i < 1000; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            Assert.True(timer.Change(TimeSpan.FromSeconds(10), Timeout.InfiniteTimeSpan));
        }

        Assert.Empty(_fired);
        Assert.Equal(1, timers.Places);
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(["idle at 1010"], _fired);
    }

    [Fact]
    public void Change_BroughtForwardAgainAndAgain_FiresEachTimeAndKeepsFewPlaces()
    {
        using var timers = new SharedTimers(_clock);
        var timer = Add(timers, "t", 3600);
        for (var i = 0; i < 1000; i++)
        {
            timer.Change(TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
            _clock.Advance(TimeSpan.FromSeconds(1));
            timer.Change(TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan);
        }

        Assert.Equal(1000, _fired.Count);
        Assert.InRange(timers.Places, 1, 130);
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal("t at 4600", _fired[^1]);
    }

    [Fact]
    public void Change_ToNever_DoesNotFireUntilItIsSetAgain()
    {
        using var timers = new SharedTimers(_clock);
        var timer = Add(timers, "t", 1);
        timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Empty(_fired);

        timer.Change(TimeSpan.FromSeconds(2), Timeout.InfiniteTimeSpan);
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(["t at 7"], _fired);
    }

    [Fact]
    public void Period_FiresUntilItIsDisposed()
    {
        using var timers = new SharedTimers(_clock);
        var timer = timers.CreateTimer(_ => _fired.Add("x"), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        _clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(3, _fired.Count);

        timer.Dispose();
        timer.Dispose();
        Assert.False(timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan));
        _clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(3, _fired.Count);
    }

    [Fact]
    public void Dispose_OfManyTimers_LeavesNoPlacesBehindAndHoldsNothing()
    {
        using var timers = new SharedTimers(_clock);
        var held = AddAndDispose(timers);

        Assert.InRange(timers.Places, 0, 128);
        GC.Collect();
        Assert.False(held.IsAlive);
        Assert.Equal(1, _clock.PendingTimers);
    }

    [Fact]
    public void Callback_ThatSetsItsTimerAgain_FiresAgain()
    {
        using var timers = new SharedTimers(_clock);
        ITimer? timer = null;
        timer = timers.CreateTimer(
            _ =>
            {
                _fired.Add("again");
                timer!.Change(TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
            },
            null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);

        _clock.Advance(TimeSpan.FromSeconds(10.5));

        Assert.Equal(10, _fired.Count);
    }

    [Theory]
    [InlineData(-2)]
    [InlineData(0x100000000)]
    public void Change_NoTimerTakesThis_Throws(long milliseconds)
    {
        using var timers = new SharedTimers(_clock);
        Assert.Throws<ArgumentOutOfRangeException>(() => Add(timers, "t", 1).Change(TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan));
    }

    [Fact]
    public async Task System_ManyFromManyThreads_AllFire()
    {
        using var timers = new SharedTimers(TimeProvider.System);
        using var left = new CountdownEvent(4000);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 1000; i++)
            {
                timers.CreateTimer(_ => left.Signal(), null, TimeSpan.FromMilliseconds(i % 50), Timeout.InfiniteTimeSpan);
                timers.CreateTimer(_ => Assert.Fail("it was disposed of"), null, TimeSpan.FromMinutes(1), Timeout.InfiniteTimeSpan).Dispose();
            }
        })));

        Assert.True(await Task.Run(() => left.Wait(TimeSpan.FromSeconds(20))));
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private WeakReference AddAndDispose(SharedTimers timers)
    {
        var state = new object();
        for (var i = 0; i < 1000; i++)
        {
            timers.CreateTimer(_ => _fired.Add("x"), state, TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan).Dispose();
        }

        return new WeakReference(state);
    }

    private ITimer Add(SharedTimers timers, string name, double seconds) =>
        timers.CreateTimer(_ => _fired.Add($"{name} at {_clock.GetElapsedTime(0).TotalSeconds}"), null, TimeSpan.FromSeconds(seconds), Timeout.InfiniteTimeSpan);
}
