namespace Fairway.Gateway.Streams;

/// <summary>Who follows a version in this process.</summary>
internal interface IStreamListener
{
    /// <summary>There may be news.</summary>
    /// <param name="here">Whether the listener may go on within this call; the caller holds no lock then.</param>
    void Wake(bool here = false);

    /// <summary>Called regularly, many times in the longest silence allowed. True: it has been silent for long, and <see cref="Beat"/> is to follow.</summary>
    bool Tick();

    /// <summary>Breaks the silence, if it still is one; the caller holds no lock.</summary>
    void Beat();

    /// <summary>The process is about to end; a reader that comes back waits so long first.</summary>
    void Close(int retryMilliseconds);

    /// <summary>Returns when what this listener had begun to write is on its way.</summary>
    void Barrier();
}

/// <summary>A caller that waits until enough of a version is here.</summary>
internal sealed class StreamWaiter : IStreamListener
{
    private readonly Signal _signal = new();
    private volatile bool _isClosing;

    public bool IsClosing => _isClosing;

    /// <summary>Until there may be news, or the process is about to end. One waiter at a time.</summary>
    public ValueTask WaitAsync() => _signal.WaitAsync();

    public void Wake(bool here = false) => _signal.Set(here);

    public bool Tick() => false; // it writes nothing, so no silence has to be broken

    public void Beat()
    {
        // see above
    }

    public void Close(int retryMilliseconds)
    {
        _isClosing = true;
        _signal.Set();
    }

    public void Barrier()
    {
        // it writes nothing
    }
}
