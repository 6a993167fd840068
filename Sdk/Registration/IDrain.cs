namespace Fairway.Sdk.Registration;

/// <summary>
/// Work that comes to this process by another way than requests, such as messages. Each in the container is asked to end it when the
/// service shuts down, while it is still registered as <c>draining</c>.
/// </summary>
public interface IDrain
{
    /// <summary>Takes nothing more, and returns when what is held is finished.</summary>
    /// <param name="cancellationToken">The time for it is over (<c>DrainSeconds</c> and <c>DrainRequestsSeconds</c>).</param>
    Task DrainAsync(CancellationToken cancellationToken);
}
