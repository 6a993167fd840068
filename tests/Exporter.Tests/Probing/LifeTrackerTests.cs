using Fairway.Core.Directory;
using Fairway.Exporter.Probing;

namespace Fairway.Exporter.Tests.Probing;

/// <summary>Checks as letters: a(live), n(ot serving), r(efused), f(ailed). Answers: u(p), d(own), retry (.), nothing (-).</summary>
public sealed class LifeTrackerTests
{
    [Theory]
    [InlineData("a", "u")]
    [InlineData("n", "d")]
    [InlineData("an", "ud")]
    [InlineData("aa", "u-")]
    [InlineData("afff", "u..d")]
    [InlineData("affaff", "u..-..")]
    [InlineData("arr", "u.d")]
    [InlineData("afr", "u..")]
    [InlineData("afrr", "u..d")]
    [InlineData("arar", "u.-.")]
    [InlineData("rr", ".d")]
    [InlineData("fff", "..d")]
    [InlineData("affnf", "u..d-")]
    [InlineData("arra", "u.du")]
    [InlineData("afffffa", "u..d--u")]
    [InlineData("naff", "du..")]
    [InlineData("nn", "d-")]
    public void Take_Checks_Answers(string checks, string expected)
    {
        var tracker = new LifeTracker();

        var answers = string.Concat(checks.Select(check => Answer(tracker, check)));

        Assert.Equal(expected, answers);
    }

    private static char Answer(LifeTracker tracker, char check)
    {
        var step = tracker.Take(check switch
        {
            'a' => CheckOutcome.Alive,
            'n' => CheckOutcome.NotServing,
            'r' => CheckOutcome.Refused,
            _ => CheckOutcome.Failed,
        });
        Assert.False(step.Changed && step.Retry);
        return step.Changed ? tracker.Life == Life.Up ? 'u' : 'd' : step.Retry ? '.' : '-';
    }
}
