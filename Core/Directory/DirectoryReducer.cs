#pragma warning disable CA1822 // signatures first: the bodies follow
using System.Collections.Immutable;

namespace Fairway.Core.Directory;

/// <summary>What the watcher does with what it reads: (state, event) to (state, effects), pure.</summary>
public sealed class DirectoryReducer
{
    /// <summary>How long a re-listing's suspicious losses are held, by default 10 s.</summary>
    public TimeSpan Hold { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The next state, and what to tell the rest, in order.</summary>
    public (DirectoryState State, ImmutableArray<DirectoryEffect> Effects) Apply(DirectoryState state, DirectoryEvent happened)
    {
        ArgumentNullException.ThrowIfNull(state);
        return happened is Listed listed
            ? (state with { IsReady = true, Revision = listed.Revision, ClusterId = listed.ClusterId }, [])
            : (state, []);
    }
}
