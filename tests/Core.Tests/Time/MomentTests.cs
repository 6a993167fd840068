using Fairway.Core.Time;
using Fairway.Testing;

namespace Fairway.Core.Tests.Time;

public class MomentTests
{
    [Fact]
    public void Now_ClockMoves_BothClocksMoveAlike()
    {
        var clock = new ManualClock();
        var before = Moment.Now(clock);
        clock.Advance(TimeSpan.FromMilliseconds(1500));

        Assert.Equal(before.After(TimeSpan.FromMilliseconds(1500)), Moment.Now(clock));
    }
}
