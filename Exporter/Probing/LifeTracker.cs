using Fairway.Core.Directory;

namespace Fairway.Exporter.Probing;

/// <summary>What one check said.</summary>
public enum CheckOutcome
{
    Alive,

    /// <summary>The instance itself says that it does not serve.</summary>
    NotServing,

    /// <summary>Nothing listens at the address.</summary>
    Refused,

    /// <summary>No answer in time, or one that is no proof of life.</summary>
    Failed,
}

/// <summary>What follows from a check.</summary>
/// <param name="Changed">The life stated before and the one now differ.</param>
/// <param name="Retry">Check again soon: the failure may have been the network's.</param>
public readonly record struct LifeStep(bool Changed, bool Retry);

/// <summary>
/// The rules of an instance's life: NOT_SERVING is down at once, three failures in a row or a connection refused
/// twice among them are down, one good check is up again. Load reports have no say: garbage in one is no failure, and
/// an instance that says NOT_SERVING goes on reporting. Pure; one owner, no locking.
/// </summary>
public sealed class LifeTracker
{
    private const int FailuresToDown = 3;
    private const int RefusalsToDown = 2;

    private int _refusals;

    /// <summary><see cref="Life.Unstated"/> until the first check that decides.</summary>
    public Life Life { get; private set; }

    /// <summary>Failed and refused checks since the last one that was answered.</summary>
    public int FailuresInRow { get; private set; }

    /// <summary>Takes the outcome of a check.</summary>
    public LifeStep Take(CheckOutcome outcome)
    {
        switch (outcome)
        {
            case CheckOutcome.Alive:
                FailuresInRow = _refusals = 0;
                return Become(Life.Up);
            case CheckOutcome.NotServing:
                FailuresInRow = _refusals = 0;
                return Become(Life.Down);
            default:
                FailuresInRow++;
                _refusals += outcome == CheckOutcome.Refused ? 1 : 0;
                return FailuresInRow >= FailuresToDown || _refusals >= RefusalsToDown
                    ? Become(Life.Down)
                    : new LifeStep(Changed: false, Retry: Life != Life.Down);
        }
    }

    private LifeStep Become(Life life)
    {
        var changed = Life != life;
        Life = life;
        return new LifeStep(changed, Retry: false);
    }
}
