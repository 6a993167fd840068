using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using Fairway.Core.Streams;
using Fairway.Gateway.Jobs;
using Fairway.GrainInterfaces.Streams;

namespace Fairway.Gateway.Generation;

/// <summary>
/// One attempt at one job. What the model sends is appended at once unless an append is in flight; then it waits for that one, so a
/// fast model's chunks go together. The whole answer is kept until it is stored, for a grain that lost its own. What is stored is shown
/// to this process's readers from here, so that the grain need not send back what it was sent.
/// </summary>
/// <param name="gateway">The name of this process.</param>
/// <param name="show">Shows stored frames to the readers here.</param>
internal sealed class Generation(
    StreamJob job, IUserStreamGrain grain, IGenerationCanceller canceller, IJobQueue queue, UpstreamModel model, string gateway, Action<StreamSlice> show, int maxBytes,
    GenerationMetrics metrics, TimeProvider time, ILogger logger)
{
    /// <summary>Together they outlast a silo that has died and is not declared dead yet.</summary>
    private const int MaxTries = 25;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan MaxRetryDelay = TimeSpan.FromSeconds(1);

    // Whoever reads a chunk off the socket goes on to append it: a token waits for no thread in between. Null: nothing came for a while.
    private readonly Channel<Frame?> _frames = Channel.CreateUnbounded<Frame?>(
        new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = true });
    private readonly List<FrameWire> _answer = [];
    private volatile bool _isSilent;

    /// <summary>Returns when nothing is left to do for the job: it has its terminal, or nobody wants one from this attempt.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; the model's socket is closed.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var begun = await grain.Begin(job, canceller);
        if (begun.Outcome != (int)AppendOutcome.Accepted)
        {
            return;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reading = ReadAsync(stop);
        try
        {
            await AppendAsync(cancellationToken);
        }
        finally
        {
            await stop.CancelAsync();
            await reading;
        }
    }

    /// <summary>
    /// At the second time without a frame in between the grain is spoken to: one that has moved to another silo knows nothing before.
    /// </summary>
    public void Beat()
    {
        if (_isSilent)
        {
            _frames.Writer.TryWrite(null);
        }

        _isSilent = true;
    }

    private async Task ReadAsync(CancellationTokenSource stop)
    {
        var bytes = 0;
        try
        {
            _frames.Writer.TryWrite(await model.AnswerAsync(job.Request.Memory, Take, stop.Token));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // the grain wrote the terminal, or the next attempt will bring it
        }
        catch (Exception failure)
        {
            logger.CallFailed(job.Version, job.Attempt, failure);
            _frames.Writer.TryWrite(UpstreamErrors.Internal);
        }
        finally
        {
            _frames.Writer.Complete();
        }

        void Take(Frame frame)
        {
            _frames.Writer.TryWrite(frame);
            bytes += frame.Data.Length;
            if (bytes > maxBytes)
            {
                stop.Cancel(); // the grain ends the version at this frame; nothing that follows can be stored
            }
        }
    }

    private async Task AppendAsync(CancellationToken cancellationToken)
    {
        var (stored, shown) = (0, 0);
        while (await _frames.Reader.WaitToReadAsync(CancellationToken.None)) // no token: the writer completes when the call is cancelled
        {
            var known = _answer.Count;
            while (_frames.Reader.TryRead(out var frame))
            {
                if (frame is { } came)
                {
                    _answer.Add(FrameWire.From(came));
                }
            }

            _isSilent = false;
            cancellationToken.ThrowIfCancellationRequested();
            if (known == 0 && _answer.Count > 0)
            {
                await queue.MarkFirstFrameAsync(job, cancellationToken);
            }

            do
            {
                var reply = await SendAsync(stored, cancellationToken);
                if (reply.Outcome is (int)AppendOutcome.Ended or (int)AppendOutcome.Fenced)
                {
                    return;
                }

                stored = reply.Expected;
                shown = reply.IsToShow ? Show(shown, stored) : Math.Max(shown, stored);
            }
            while (stored < _answer.Count);
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>From where readers here were last shown something to where it is stored; a reply may have been lost in between.</summary>
    private int Show(int first, int end)
    {
        end = Math.Min(end, _answer.Count);
        if (first < end)
        {
            show(new StreamSlice(job.Version, first, [.. CollectionsMarshal.AsSpan(_answer)[first..end]], (int)StreamState.Streaming));
        }

        return Math.Max(first, end);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<AppendReply> SendAsync(int offset, CancellationToken cancellationToken)
    {
        var append = new StreamAppend(job, offset, [.. CollectionsMarshal.AsSpan(_answer)[offset..]], gateway);
        for (var tries = 1; ; tries++)
        {
            try
            {
                metrics.Appended();
                return await grain.Append(append, canceller);
            }
            catch (Exception failure) when (tries < MaxTries && failure is not OperationCanceledException)
            {
                logger.AppendFailed(job.Version, failure);
                var delay = RetryDelay * tries;
                await Task.Delay(delay < MaxRetryDelay ? delay : MaxRetryDelay, time, cancellationToken);
            }
        }
    }
}
