namespace Fairway.Gateway.Jobs.Shared;

/// <summary>Tells the first of failures in a row, so that an outage is logged once.</summary>
internal sealed class FailuresInARow
{
    private bool _isFailing;

    public bool IsFirst() => !Interlocked.Exchange(ref _isFailing, true);

    public void End() => Volatile.Write(ref _isFailing, false);
}
