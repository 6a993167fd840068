using Fairway.Registry;
using Fairway.Registry.Schema;
using Microsoft.Extensions.Logging;

namespace Fairway.Grains.Directory;

/// <summary>Removes what an ended lane leaves in the registry, unless it was made anew meanwhile.</summary>
internal sealed class LaneSweeper(IRegistry registry, GrainClock clock, ILogger<LaneSweeper> logger)
{
    public async Task SweepAsync(string lane, CancellationToken cancellationToken)
    {
        try
        {
            var key = RegistryKeys.Lane(lane);
            var entry = await registry.GetAsync(key, cancellationToken);
            if (entry is { } held && RegistryDecoder.TryDecode(held, out var decoded) && decoded is DecodedEntry.Lane { Record.ExpiresAt: var expires }
                && !(expires <= clock.Time.GetUtcNow()))
            {
                return;
            }

            await registry.TxnAsync(
                new RegistryTxn(
                    [new RegistryCompare.ModRevisionIs(key, entry?.ModRevision ?? 0)],
                    [new RegistryOp.Delete(key), new RegistryOp.Delete(RegistryKeys.DeclarationsOf(lane), Prefix: true)],
                    []),
                cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            logger.LaneNotSwept(exception, lane);
        }
        catch (OperationCanceledException)
        {
            // the watcher stops; the next one's sweep finds the lane again if it expires
        }
    }
}
