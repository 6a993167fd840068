using Fairway.Core.Directory;

namespace Fairway.Gateway.Directory;

/// <summary>A list that readers wait on.</summary>
/// <param name="Service">The service of a <see cref="ListKind.Best"/> list, else null.</param>
public readonly record struct ListId(ListKind Kind, string? Service = null)
{
    /// <summary>The counter of the list's last change; 0 when it does not exist.</summary>
    public long CounterIn(DirectorySnapshot snapshot) => Kind switch
    {
        ListKind.Services => Math.Max(snapshot.ServicesCounter, snapshot.StaleCounter),
        ListKind.Lanes => Math.Max(snapshot.TableCounters.Lanes, snapshot.StaleCounter),
        ListKind.Edge => snapshot.Counter,
        _ => snapshot.Services.TryGetValue(Service!, out var entry) ? Math.Max(entry.Counter, snapshot.StaleCounter) : 0,
    };
}

public enum ListKind
{
    Best,
    Services,
    Lanes,
    Edge,
}
