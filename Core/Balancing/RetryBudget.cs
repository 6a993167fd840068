namespace Fairway.Core.Balancing;

/// <summary>How much of a caller's requests may be retries.</summary>
public sealed record RetryBudgetOptions
{
    /// <summary>Retries for each request, 0-1; default 0.2.</summary>
    public double Share { get; init; } = 0.2;

    /// <summary>Retries a second that are always granted, so that those who call little may retry too; default 3.</summary>
    public double PerSecond { get; init; } = 3;

    /// <summary>What can be saved up, for the moment in which many instances are lost at once; default 100.</summary>
    public double Most { get; init; } = 100;

    /// <summary>Throws <see cref="ArgumentOutOfRangeException"/> naming the value that is out of range.</summary>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Share);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Share, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(PerSecond);
        ArgumentOutOfRangeException.ThrowIfLessThan(Most, 1);
    }
}

/// <summary>
/// Keeps retries from making an overload worse: a request adds a part of a retry, a retry takes a whole one (as Finagle's and
/// linkerd's retry budgets). When everything fails, load grows by the share and no more.
/// </summary>
public sealed class RetryBudget
{
    private readonly Lock _gate = new();
    private readonly RetryBudgetOptions _options;
    private double _balance;
    private TimeSpan? _at;

    public RetryBudget(RetryBudgetOptions? options = null)
    {
        _options = options ?? new RetryBudgetOptions();
        _options.Validate();
        _balance = Math.Min(_options.Most, 10 * _options.PerSecond);
    }

    /// <summary>A request was made for the first time.</summary>
    public void Deposit()
    {
        lock (_gate)
        {
            _balance = Math.Min(_options.Most, _balance + _options.Share);
        }
    }

    /// <summary>Whether one retry may be made; takes it.</summary>
    public bool TryWithdraw(TimeSpan now)
    {
        lock (_gate)
        {
            _balance = Math.Min(_options.Most, _balance + (_at is { } before ? Math.Max(0, (now - before).TotalSeconds) * _options.PerSecond : 0));
            _at = now;
            if (_balance < 1)
            {
                return false;
            }

            _balance -= 1;
            return true;
        }
    }
}
