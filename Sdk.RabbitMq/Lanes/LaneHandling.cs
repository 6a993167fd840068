using Fairway.Core.Lanes;
using Fairway.Sdk.Lanes;

namespace Fairway.Sdk.RabbitMq.Lanes;

/// <summary>
/// Has messages handled, in a bounded number of places at once, and settles each as it came out: acknowledged, tried again, or given up.
/// </summary>
internal sealed class LaneHandling(
    LaneConsumerOptions options, Group group, Func<IReadOnlyList<LaneMessage>, CancellationToken, Task> handle, LaneRetries retries,
    LaneQueueMetrics metrics, TimeProvider time) : IAsyncDisposable
{
    private readonly SemaphoreSlim _places = new(options.Concurrency);
    private readonly CancellationTokenSource _abort = new();

    /// <summary>A handler of batches that calls one of single messages; a message's label is current meanwhile.</summary>
    public static Func<IReadOnlyList<LaneMessage>, CancellationToken, Task> OneByOne(Func<LaneMessage, CancellationToken, Task> handle) =>
        async (messages, cancellationToken) =>
        {
            foreach (var message in messages)
            {
                using (message.Use())
                {
                    try
                    {
                        await handle(message, cancellationToken);
                    }
                    catch (Exception failure)
                    {
                        message.Fail(failure);
                    }
                }
            }
        };

    /// <summary>Takes a place, which <see cref="Leave"/> gives back.</summary>
    public Task EnterAsync(CancellationToken cancellationToken) => _places.WaitAsync(cancellationToken);

    public void Leave() => _places.Release();

    /// <summary>Returns when no place is taken.</summary>
    public async Task IdleAsync(CancellationToken cancellationToken)
    {
        var places = 0;
        try
        {
            for (; places < options.Concurrency; places++)
            {
                await _places.WaitAsync(cancellationToken);
            }
        }
        finally
        {
            _ = places > 0 ? _places.Release(places) : 0;
        }
    }

    /// <summary>Cancels what still runs; what it fails with is not held against its messages.</summary>
    public async ValueTask DisposeAsync() => await _abort.CancelAsync();

    /// <summary>
    /// A message whose label says that this very instance is going offline is for another one: it waits a little in its group,
    /// for which no attempt is counted.
    /// </summary>
    public async ValueTask<bool> DeferAsync(LaneMessage message)
    {
        if (message.Label.Offline.IsEmpty || options.Address?.Invoke() is not { } own || !message.Label.Offline.Contains(own))
        {
            return false;
        }

        await retries.DeferAsync(message);
        return true;
    }

    public async Task ProcessAsync(IReadOnlyList<LaneMessage> batch)
    {
        var began = time.GetTimestamp();
        try
        {
            // Whatever label a message set is this call's own, and ends with it.
            using (LaneContext.Use(Label.None))
            {
                await handle(batch, _abort.Token);
            }
        }
        catch (Exception failure)
        {
            foreach (var message in batch)
            {
                message.Fail(message.Failure ?? failure);
            }
        }

        metrics.Handled(group, time.GetElapsedTime(began));
        foreach (var message in batch)
        {
            if (message.Failure is { } failure)
            {
                if (!_abort.IsCancellationRequested) // else it is not its fault
                {
                    await retries.FailAsync(message, failure);
                }
            }
            else if (await message.Delivery.AcknowledgeAsync())
            {
                metrics.Delivered(message.Group, "processed");
            }
        }
    }
}
