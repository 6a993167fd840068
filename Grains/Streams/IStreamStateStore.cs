using Fairway.Core.Streams;

namespace Fairway.Grains.Streams;

/// <summary>Where a user's streams wait while the process that held them is restarted.</summary>
public interface IStreamStateStore
{
    Task SaveAsync(string user, SavedStreams streams);

    /// <summary>What was saved, and how long ago; it is there once only. Null when nothing was.</summary>
    Task<TakenStreams?> TakeAsync(string user);
}

/// <param name="Away">Time since it was saved.</param>
public sealed record TakenStreams(SavedStreams Streams, TimeSpan Away);

/// <summary>For a host that keeps nothing: streams end with the process.</summary>
internal sealed class NoStreamStateStore : IStreamStateStore
{
    public Task SaveAsync(string user, SavedStreams streams) => Task.CompletedTask;

    public Task<TakenStreams?> TakeAsync(string user) => Task.FromResult<TakenStreams?>(null);
}
