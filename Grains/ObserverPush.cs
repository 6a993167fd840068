using System.Collections.Immutable;
using Fairway.GrainInterfaces.Directory;
using Microsoft.Extensions.Logging;

namespace Fairway.Grains;

/// <summary>Sends to observers without waiting. What is lost, the observer pulls when it renews.</summary>
internal sealed class ObserverPush(DirectoryMetrics metrics, ILogger<ObserverPush> logger)
{
    public void Send(ImmutableArray<IDirectoryObserver> observers, Func<IDirectoryObserver, Task> push)
    {
        foreach (var observer in observers)
        {
            _ = SendAsync(observer, push);
        }

        if (observers.Length > 0)
        {
            metrics.Pushed(observers.Length);
        }
    }

    private async Task SendAsync(IDirectoryObserver observer, Func<IDirectoryObserver, Task> push)
    {
        try
        {
            await push(observer);
        }
        catch (Exception exception)
        {
            logger.PushFailed(exception);
        }
    }
}
