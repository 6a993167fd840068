using System.Threading.Channels;
using Fairway.Core.Streams;
using Fairway.Gateway.Jobs;
using Fairway.GrainInterfaces.Streams;

namespace Fairway.Gateway.Generation;

/// <summary>
/// One attempt at one job. What the model sends is appended at once unless an append is in flight; then it waits for that one, so a
/// fast model's chunks go together. The whole answer is kept until it is stored, for a grain that lost its own.
/// </summary>
internal sealed class Generation(
    StreamJob job, IUserStreamGrain grain, IGenerationCanceller canceller, IJobQueue queue, UpstreamModel model, int maxBytes,
    GenerationMetrics metrics, TimeProvider time, ILogger logger)
{
    private const int MaxTries = 5;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    private readonly Channel<Frame> _frames = Channel.CreateUnbounded<Frame>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private readonly List<FrameWire> _answer = [];

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
        var stored = 0;
        while (await _frames.Reader.WaitToReadAsync(cancellationToken))
        {
            while (_frames.Reader.TryRead(out var frame))
            {
                _answer.Add(FrameWire.From(frame));
            }

            await queue.MarkFirstFrameAsync(job, cancellationToken);
            while (stored < _answer.Count)
            {
                var reply = await SendAsync(stored, cancellationToken);
                if (reply.Outcome is (int)AppendOutcome.Ended or (int)AppendOutcome.Fenced)
                {
                    return;
                }

                stored = reply.Expected;
            }
        }
    }

    private async Task<AppendReply> SendAsync(int offset, CancellationToken cancellationToken)
    {
        var append = new StreamAppend(job, offset, [.. _answer.Skip(offset)]);
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
                await Task.Delay(RetryDelay * tries, time, cancellationToken);
            }
        }
    }
}
