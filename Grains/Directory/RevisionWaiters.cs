namespace Fairway.Grains.Directory;

/// <summary>Callers that wait for the watch to pass a revision. Used within one grain's turns only.</summary>
internal sealed class RevisionWaiters
{
    private readonly PriorityQueue<TaskCompletionSource, long> _waiting = new();

    public async Task WaitAsync(long revision, CancellationToken cancellationToken)
    {
        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Enqueue(waiter, revision);
        await waiter.Task.WaitAsync(cancellationToken);
    }

    public void Reached(long revision)
    {
        while (_waiting.TryPeek(out _, out var wanted) && wanted <= revision)
        {
            _waiting.Dequeue().TrySetResult();
        }
    }

    public void Cancel()
    {
        while (_waiting.TryDequeue(out var waiter, out _))
        {
            waiter.TrySetCanceled();
        }
    }
}
