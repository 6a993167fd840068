namespace Fairway.Sdk.Probing;

/// <summary>
/// What <c>grpc.health.v1</c> answers. A service that cannot serve for a while sets <see cref="Serving"/> to
/// false; routers then take it for down at once. Draining is no reason to: a draining instance still serves.
/// </summary>
public sealed class FairwayHealth
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _serving = true;

    public bool Serving
    {
        get => Volatile.Read(ref _serving);
        set
        {
            TaskCompletionSource changed;
            lock (_gate)
            {
                if (_serving == value)
                {
                    return;
                }

                _serving = value;
                changed = _changed;
                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            changed.SetResult();
        }
    }

    /// <summary>The status, and what completes when it is no longer that.</summary>
    internal (bool Serving, Task Changed) Observe()
    {
        lock (_gate)
        {
            return (_serving, _changed.Task);
        }
    }
}
