namespace Fairway.Core.Balancing;

/// <summary>When a caller puts an instance out by what it sees itself.</summary>
public sealed record PassiveEjectionOptions
{
    /// <summary>Failures in a row; default 3.</summary>
    public int Failures { get; init; } = 3;

    /// <summary>Time out after the first ejection; the nth in a row lasts n times as long; default 5 s.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>No ejection lasts longer; default 1 min.</summary>
    public TimeSpan MaxDuration { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The most of a list that may be out at once for its answers; default 0.5. Of those that cannot be reached all but one may.</summary>
    public double MaxShare { get; init; } = 0.5;

    /// <summary>Throws <see cref="ArgumentOutOfRangeException"/> naming the value that is out of range.</summary>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Failures, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Duration, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxDuration, Duration);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxShare);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxShare, 1);
    }
}

/// <summary>What is kept of one endpoint's failures.</summary>
internal struct EndpointFailures
{
    public int InARow;
    public int Ejections;
}

/// <summary>
/// Takes out, for this caller alone, an instance that failed it several times in a row, so that one whose death no list tells of
/// yet costs a few tries only, and one that refuses connections costs one. When its time is over a single failure takes it out again, for longer; a success forgives all.
/// </summary>
public sealed class PassiveEjection
{
    private readonly Lock _gate = new();
    private readonly PassiveEjectionOptions _options;

    public PassiveEjection(PassiveEjectionOptions? options = null)
    {
        _options = options ?? new PassiveEjectionOptions();
        _options.Validate();
    }

    /// <summary>A request ended. True where this took the instance out.</summary>
    /// <param name="endpoint">Whose request it was.</param>
    /// <param name="outcome">How. One that cannot be reached is out at once.</param>
    /// <param name="list">The list in force: of it at most <see cref="PassiveEjectionOptions.MaxShare"/> are put out for their answers.</param>
    /// <param name="now">The present.</param>
    public bool Ended(Endpoint endpoint, in Outcome outcome, EndpointList list, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        ArgumentNullException.ThrowIfNull(list);
        if (!outcome.Failed && Volatile.Read(ref endpoint.Failures.InARow) == 0)
        {
            return false;
        }

        lock (_gate)
        {
            ref var failures = ref endpoint.Failures;
            if (!outcome.Failed)
            {
                failures = default;
                return false;
            }

            // Late failures of an instance that is out say nothing new.
            failures.InARow = outcome.IsUnreachable ? Math.Max(failures.InARow + 1, _options.Failures) : failures.InARow + 1;
            if (endpoint.IsOut(now) || failures.InARow < _options.Failures || !HasRoom(outcome.IsUnreachable, list, now))
            {
                return false;
            }

            failures.Ejections++;
            var span = _options.Duration * failures.Ejections;
            endpoint.OutUntil = now + (span < _options.MaxDuration ? span : _options.MaxDuration);
            return true;
        }
    }

    /// <summary>To leave out many that answer badly would overload the rest; one that is not there carries nothing anyway.</summary>
    private bool HasRoom(bool unreachable, EndpointList list, TimeSpan now)
    {
        var after = Out(list, now) + 1;
        return unreachable ? after < list.Count : after <= _options.MaxShare * list.Count;
    }

    private static int Out(EndpointList list, TimeSpan now)
    {
        var count = 0;
        foreach (var endpoint in list.Endpoints)
        {
            count += endpoint.IsOut(now) ? 1 : 0;
        }

        return count;
    }
}
