using System.Collections.Immutable;
using Fairway.GrainInterfaces.Directory;
using Microsoft.Extensions.Logging;

namespace Fairway.Grains;

/// <summary>Sends to observers without waiting. What is lost, the observer pulls when it renews.</summary>
internal sealed class ObserverPush(DirectoryMetrics metrics, ILogger<ObserverPush> logger)
{
    public void Send(ImmutableArray<IDirectoryObserver> observers, Func<IDirectoryObserver, Task> push)
    {
        SendTo(observers, push);
        if (observers.Length > 0)
        {
            metrics.Pushed(observers.Length);
        }
    }

    public void SendTo<TObserver>(ImmutableArray<TObserver> observers, Func<TObserver, Task> push)
        where TObserver : IGrainObserver
    {
        foreach (var observer in observers)
        {
            try
            {
                if (push(observer) is { IsCompletedSuccessfully: false } sending)
                {
                    _ = WatchAsync(sending);
                }
            }
            catch (Exception exception)
            {
                logger.PushFailed(exception);
            }
        }
    }

    private async Task WatchAsync(Task sending)
    {
        try
        {
            await sending;
        }
        catch (Exception exception)
        {
            logger.PushFailed(exception);
        }
    }
}
