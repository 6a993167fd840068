using Fairway.Core.Streams;

namespace Fairway.Grains.Streams;

/// <summary>
/// Where a user's streams wait while their grain is on its way from one process to another: all of them where it leaves in order, and the
/// answers that have come to their end in any case. Each call may throw <see cref="GrainInterfaces.Streams.HistoryAwayException"/>.
/// </summary>
public interface IStreamStateStore
{
    /// <summary>Whether the next activation finds it all, whatever machine it runs on.</summary>
    bool IsShared { get; }

    /// <summary>The grain leaves: keeps everything, in place of what was saved before.</summary>
    Task SaveAsync(string user, SavedStreams streams);

    /// <summary>What was saved, which is there once only, and all answers that are kept.</summary>
    Task<TakenStreams> TakeAsync(string user);

    /// <summary>Keeps an answer that has come to its end until it is forgotten; when this returns it survives a crash.</summary>
    Task KeepAsync(string user, SavedStream answer);

    /// <summary>The answer is acknowledged, or its time is over.</summary>
    Task ForgetAsync(string user, long version);
}

/// <param name="Saved">Null when nothing was.</param>
/// <param name="Away">Time since it was saved.</param>
/// <param name="Kept">Answers that had come to their end and were not forgotten.</param>
public sealed record TakenStreams(SavedStreams? Saved, TimeSpan Away, IReadOnlyList<KeptAnswer> Kept)
{
    public static TakenStreams Nothing { get; } = new(null, TimeSpan.Zero, []);
}

/// <param name="Age">Time since it was kept.</param>
public readonly record struct KeptAnswer(SavedStream Answer, TimeSpan Age);

/// <summary>For a host that keeps nothing: streams end with the process.</summary>
internal sealed class NoStreamStateStore : IStreamStateStore
{
    public bool IsShared => false;

    public Task SaveAsync(string user, SavedStreams streams) => Task.CompletedTask;

    public Task<TakenStreams> TakeAsync(string user) => Task.FromResult(TakenStreams.Nothing);

    public Task KeepAsync(string user, SavedStream answer) => Task.CompletedTask;

    public Task ForgetAsync(string user, long version) => Task.CompletedTask;
}
