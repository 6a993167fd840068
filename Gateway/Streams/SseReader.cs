using System.Buffers;
using System.IO.Pipelines;

namespace Fairway.Gateway.Streams;

/// <summary>
/// One connection that follows one version. It holds a position and what the server buffers for it, nothing else, and makes nobody
/// wait: when it is too far behind while a write to it is blocked, it is cut.
/// </summary>
/// <param name="next">Offset of the first frame it wants.</param>
/// <param name="abort">Cuts the connection.</param>
/// <param name="format">What frames look like to it; by default as they are.</param>
internal sealed class SseReader(
    LiveStream stream, int next, PipeWriter writer, ServingOptions options, TimeProvider clock, Action abort, SseFormat? format = null) : IStreamListener
{
    private const int BatchBytes = 32 * 1024;

    /// <summary>A write that takes this long is blocked: the connection does not take what the server buffers for it.</summary>
    private static readonly TimeSpan BlockedAfter = TimeSpan.FromMilliseconds(200);

    private readonly SseFormat _format = format ?? SseFormat.Frames;
    private readonly Lock _gate = new();
    private readonly Signal _signal = new();
    private readonly long _bytesAtStart = stream.Bytes;
    private int _next = next;
    private long _written;
    private long _writeBegan;
    private volatile bool _isWriting;
    private volatile bool _isBeatDue;
    private volatile bool _isClosing;
    private volatile bool _isCut;
    private int _retryMilliseconds;

    public bool IsCut => _isCut;

    private bool IsSilent => !_isWriting && clock.GetElapsedTime(Volatile.Read(ref _writeBegan)) >= options.BeatAfter;

    /// <summary>Serves until the terminal, the version's or the connection's end, or <see cref="Close"/>.</summary>
    /// <param name="firstWritten">Called once, when the first frame has been written.</param>
    public async Task RunAsync(Action firstWritten, CancellationToken cancellationToken)
    {
        using var aborted = cancellationToken.UnsafeRegister(static state => ((Signal)state!).Set(), _signal);
        _format.Begin(writer);
        if (!await FlushAsync(cancellationToken))
        {
            return;
        }

        while (!cancellationToken.IsCancellationRequested)
        {
            Step step;
            ValueTask<bool> sent;
            lock (_gate)
            {
                step = Copy();

                // Begun within the lock, so that what is copied before a newer version is shown is also sent before it.
                sent = step.HasBytes ? FlushAsync(cancellationToken) : ValueTask.FromResult(true);
            }

            if (!await sent)
            {
                return;
            }

            if (step.HasFrame)
            {
                firstWritten();
            }

            if (step.IsDone)
            {
                return;
            }

            if (!step.HasBytes)
            {
                await _signal.WaitAsync();
            }
        }
    }

    /// <inheritdoc/>
    public void Wake(bool here = false)
    {
        CutIfBehind();
        _signal.Set(here);
    }

    /// <inheritdoc/>
    public bool Tick()
    {
        CutIfBehind();
        return IsSilent;
    }

    /// <inheritdoc/>
    public void Beat()
    {
        if (IsSilent)
        {
            _isBeatDue = true;
            _signal.Set(here: true);
        }
    }

    /// <summary>Ends the response and has the reader come back after a while.</summary>
    public void Close(int retryMilliseconds)
    {
        _retryMilliseconds = retryMilliseconds;
        _isClosing = true;
        _signal.Set();
    }

    /// <summary>Returns when a copy that had begun before is over.</summary>
    public void Barrier()
    {
        lock (_gate)
        {
        }
    }

    /// <summary>Copies what there is to send, as far as one batch takes it.</summary>
    private Step Copy()
    {
        var isOver = stream.IsOver; // before the frames are looked at: what came last must not be missed
        var frames = stream.From(_next);
        var (taken, bytes, isDone) = (0, 0, false);
        while (taken < frames.Length && (taken == 0 || bytes + frames[taken].Bytes.Length <= BatchBytes))
        {
            var frame = frames[taken++];
            _format.Write(writer, frame);
            bytes += frame.Bytes.Length;
            _next = frame.Offset + 1;
            isDone = frame.IsTerminal;
            Volatile.Write(ref _written, frame.End);
        }

        if (isDone || (taken == 0 && isOver))
        {
            return new Step(bytes > 0, taken > 0, IsDone: true);
        }

        if (_isClosing)
        {
            _format.Close(writer, _retryMilliseconds);
            return new Step(HasBytes: true, taken > 0, IsDone: true);
        }

        if (taken == 0 && _isBeatDue)
        {
            writer.Write(SseFrame.Heartbeat);
            return new Step(HasBytes: true, HasFrame: false, IsDone: false);
        }

        return new Step(bytes > 0, taken > 0, IsDone: false);
    }

    private async ValueTask<bool> FlushAsync(CancellationToken cancellationToken)
    {
        _isBeatDue = false;
        Volatile.Write(ref _writeBegan, clock.GetTimestamp());
        _isWriting = true;
        try
        {
            var result = await writer.FlushAsync(cancellationToken);
            return !result.IsCompleted && !result.IsCanceled && !_isCut;
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or InvalidOperationException)
        {
            return false; // the connection is gone
        }
        finally
        {
            _isWriting = false;
        }
    }

    /// <summary>A reader that begins far behind is let catch up; what counts is what came since.</summary>
    private void CutIfBehind()
    {
        var since = clock.GetElapsedTime(Volatile.Read(ref _writeBegan));
        if (!_isCut && _isWriting && since >= BlockedAfter
            && (since > options.WriteTimeout
                || stream.Bytes - Math.Max(Volatile.Read(ref _written), _bytesAtStart) > options.ReaderMaxBytesBehind))
        {
            _isCut = true;
            abort();
        }
    }

    private readonly record struct Step(bool HasBytes, bool HasFrame, bool IsDone);
}
