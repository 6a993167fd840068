using Fairway.Core.Streams;
using Fairway.GrainInterfaces.Streams;
using Microsoft.Extensions.Logging;

namespace Fairway.Grains.Streams;

/// <summary>
/// What one user's grain has in the store that outlives it. A store that does not answer costs an answer its safety, never its reader:
/// the grain holds it all the same, and what was not taken back yet is asked for again when a version is not known.
/// </summary>
internal sealed class KeptAnswers(IStreamStateStore store, IHistory history, string user, StreamLimits limits, TimeProvider time, ILogger logger)
{
    /// <summary>Readers wait no longer for the end of an answer to be kept.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly HashSet<long> _kept = [];
    private Task? _taking;

    /// <summary>
    /// All that had ended before is over by then; what had not has ended elsewhere, where files of one machine are found again after the
    /// grain was on others, or is told of by its job.
    /// </summary>
    private TimeSpan KeepsFor => new[] { limits.Unacknowledged, limits.TerminalMemory, limits.Kept }.Max();

    /// <summary>Whether the store has told all it has.</summary>
    public bool IsTaken { get; private set; }

    /// <summary>Takes back what an earlier activation left; once only, and shared by calls that interleave.</summary>
    /// <exception cref="HistoryAwayException">The store does not answer; ask again.</exception>
    public async Task TakeAsync(UserStreams streams, ICollection<StreamEffect> effects)
    {
        if (IsTaken)
        {
            return;
        }

        try
        {
            await (_taking ??= TakeOnceAsync(streams, effects));
        }
        finally
        {
            _taking = null;
        }
    }

    /// <summary>Keeps a version that has come to its end; does nothing for any other, and for one that is kept.</summary>
    public async Task KeepAsync(UserStreams streams, long version)
    {
        if (_kept.Contains(version) || streams.SaveEnded(version) is not { } answer)
        {
            return;
        }

        _kept.Add(version);
        try
        {
            await store.KeepAsync(user, answer).WaitAsync(Patience, time);
        }
        catch (Exception failure)
        {
            logger.AnswerNotKept(version, failure);
        }
    }

    /// <summary>The version waits for nobody any more.</summary>
    public void Forget(long version)
    {
        if (_kept.Remove(version))
        {
            _ = ForgetAsync(version);
        }
    }

    private async Task TakeOnceAsync(UserStreams streams, ICollection<StreamEffect> effects)
    {
        TakenStreams taken;
        try
        {
            taken = await store.TakeAsync(user);
        }
        catch (Exception damaged) when (damaged is not HistoryAwayException)
        {
            logger.StreamsNotTaken(damaged);
            taken = TakenStreams.Nothing;
        }

        IsTaken = true;
        if (taken.Saved is { } saved && taken.Away < KeepsFor)
        {
            streams.TakeBack(saved, taken.Away, effects);
        }

        foreach (var (answer, age) in taken.Kept.OrderBy(kept => kept.Answer.Version))
        {
            _kept.Add(answer.Version);
            if (!await WasAcknowledgedAsync(answer.Version))
            {
                // Whether it was read by the time its process died is not known; its end counts, not its request.
                streams.TakeBack(answer with { IsRead = true }, age, effects);
            }

            if (streams.SaveEnded(answer.Version) is null)
            {
                Forget(answer.Version); // acknowledged, superseded, or freed while the word of it was on its way
            }
        }
    }

    private async ValueTask<bool> WasAcknowledgedAsync(long version)
    {
        try
        {
            return await history.WasAcknowledgedAsync(user, version);
        }
        catch (HistoryAwayException)
        {
            return false; // held once more; it may be acknowledged once more
        }
    }

    private async Task ForgetAsync(long version)
    {
        try
        {
            await store.ForgetAsync(user, version);
        }
        catch (Exception failure)
        {
            logger.AnswerNotForgotten(version, failure);
        }
    }
}
