using Fairway.GrainInterfaces.Streams;

namespace Fairway.Gateway.Jobs;

internal static class LedgerCalls
{
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(250);

    /// <summary>A job that is here already waits for a ledger that is away; its user's time limits run on.</summary>
    public static async Task<bool> AskAsync(Func<Task<bool>> ask, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (HistoryAwayException away)
            {
                logger.LedgerAway(away);
                await Task.Delay(Retry, time, cancellationToken);
            }
        }
    }
}
