namespace Fairway.Exporter.Probing;

/// <summary>The answer of one check.</summary>
/// <param name="Why">For people; empty when alive.</param>
public readonly record struct CheckResult(CheckOutcome Outcome, string Why)
{
    public static CheckResult Alive { get; } = new(CheckOutcome.Alive, "");
}

/// <summary>One way of asking an instance whether it serves.</summary>
public interface IHealthCheck : IDisposable
{
    /// <summary>Asks once, within the deadline it was made with.</summary>
    /// <exception cref="OperationCanceledException">Only for the caller's token.</exception>
    Task<CheckResult> CheckAsync(CancellationToken ct);

    /// <summary>Gives up the connection, which may be dead without saying so; the next check opens another.</summary>
    void Reconnect();
}
