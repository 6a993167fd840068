namespace Fairway.LocalSilo;

/// <summary>Until disposed, keeps what flows with the caller (activities, request context) out of what is made.</summary>
internal readonly struct Flow : IDisposable
{
    private readonly bool _restore;

    private Flow(bool restore) => _restore = restore;

    public static Flow Suppressed()
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            return default;
        }

        ExecutionContext.SuppressFlow();
        return new Flow(restore: true);
    }

    public void Dispose()
    {
        if (_restore)
        {
            ExecutionContext.RestoreFlow();
        }
    }
}
