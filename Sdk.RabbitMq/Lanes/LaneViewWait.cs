namespace Fairway.Sdk.RabbitMq.Lanes;

/// <summary>Waiting for what is known of the lanes.</summary>
public static class LaneViewWait
{
    /// <summary>The view once it is as it should be, or what is known after <paramref name="limit"/>.</summary>
    public static async Task<LaneView> OnceAsync(
        this ILaneViews views, Func<LaneView, bool> isSo, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(views);
        ArgumentNullException.ThrowIfNull(isSo);
        using var over = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        while (true)
        {
            var changed = views.ChangedAsync(either.Token);
            if (isSo(views.Current))
            {
                return views.Current;
            }

            try
            {
                await changed;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return views.Current;
            }
        }
    }
}
