using System.Threading.Channels;

namespace Fairway.Sdk.RabbitMq.Lanes;

/// <summary>Puts messages together into batches, and has them handled.</summary>
/// <param name="isOffline">Whether the instance takes nothing: what waits is given back.</param>
internal sealed class LaneBatches(LaneConsumerOptions options, LaneHandling handling, Func<bool> isOffline, TimeProvider time)
{
    private readonly Channel<LaneMessage> _messages = Channel.CreateUnbounded<LaneMessage>();

    public void Add(LaneMessage message) => _messages.Writer.TryWrite(message);

    /// <summary>Returns when <paramref name="stop"/> is cancelled and what was begun is done.</summary>
    public Task RunAsync(CancellationToken stop) => Task.WhenAll(Enumerable.Range(0, options.Concurrency).Select(_ => Task.Run(() => WorkAsync(stop), CancellationToken.None)));

    private async Task WorkAsync(CancellationToken stop)
    {
        var batch = new List<LaneMessage>();
        try
        {
            while (await _messages.Reader.WaitToReadAsync(stop))
            {
                await handling.EnterAsync(stop);
                try
                {
                    if (_messages.Reader.TryRead(out var first))
                    {
                        batch.Add(first);
                        await FillAsync(batch, stop);
                        await ProcessAsync(batch);
                    }
                }
                finally
                {
                    batch.Clear();
                    handling.Leave();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // what was not begun is given back when the link closes
        }
    }

    private async Task FillAsync(List<LaneMessage> batch, CancellationToken stop)
    {
        using var full = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var limit = time.CreateTimer(_ => full.Cancel(), null, options.BatchWait, Timeout.InfiniteTimeSpan);
        await using (limit)
        {
            try
            {
                while (batch.Count < options.BatchSize)
                {
                    batch.Add(await _messages.Reader.ReadAsync(full.Token));
                }
            }
            catch (OperationCanceledException)
            {
                // as full as it gets
            }
        }
    }

    private async Task ProcessAsync(List<LaneMessage> batch)
    {
        var ours = new List<LaneMessage>(batch.Count);
        foreach (var message in batch)
        {
            if (isOffline())
            {
                await message.Delivery.ReturnAsync(requeue: true);
            }
            else if (!await handling.DeferAsync(message))
            {
                ours.Add(message);
            }
        }

        if (ours.Count > 0)
        {
            await handling.ProcessAsync(ours);
        }
    }
}
