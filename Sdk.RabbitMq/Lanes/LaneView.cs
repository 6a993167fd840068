using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;

namespace Fairway.Sdk.RabbitMq.Lanes;

/// <summary>Lanes and their declarations as this process knows them; immutable.</summary>
public sealed class LaneView
{
    /// <summary>Nothing was read yet.</summary>
    public static readonly LaneView Empty = new(DirectoryTables.Empty, "0", [], isStale: true);

    private readonly DirectoryTables _tables;

    /// <param name="tables">Expired lanes are already left out.</param>
    /// <param name="version">Differs with each change of the tables, and is alike in all processes that read the same.</param>
    /// <param name="liveLanes">Lanes in which an instance of the service in question is registered that neither drains nor is offline.</param>
    /// <param name="isStale">The registry is away.</param>
    /// <param name="offline">Addresses (<c>ip:port</c>) that an operator takes offline; null is none.</param>
    public LaneView(
        DirectoryTables tables, string version, ImmutableHashSet<string> liveLanes, bool isStale, ImmutableHashSet<string>? offline = null)
    {
        ArgumentNullException.ThrowIfNull(tables);
        _tables = tables;
        (Table, LiveLanes, IsStale, Offline) = (new LaneTable(tables, version), liveLanes, isStale, offline ?? []);
    }

    public LaneTable Table { get; }

    public ImmutableHashSet<string> LiveLanes { get; }

    public bool IsStale { get; }

    /// <summary>Whether the registry was never read, so that any lane may declare anything.</summary>
    public bool IsUnread => ReferenceEquals(this, Empty);

    public ImmutableHashSet<string> Offline { get; }

    /// <summary>Services that a lane declares.</summary>
    public IEnumerable<string> DeclaredIn(string lane) =>
        _tables.Declarations.TryGetValue(lane, out var declared) ? declared.Select(declaration => declaration.Service) : [];

    /// <summary>Lanes that declare a service, with who takes its messages while it is down.</summary>
    public IEnumerable<(string Lane, string OnConsumerDown)> LanesOf(string service)
    {
        foreach (var lane in _tables.Lanes.Keys)
        {
            if (Table.TryGetDeclaration(lane, service, out var declaration))
            {
                yield return (lane, declaration.OnConsumerDown);
            }
        }
    }
}

/// <summary>Who knows the lanes.</summary>
public interface ILaneViews
{
    /// <summary>What is known now; read without waiting.</summary>
    LaneView Current { get; }

    /// <summary>Completes at the next change.</summary>
    Task ChangedAsync(CancellationToken cancellationToken);

    /// <summary>Lanes that have a group of a service on a topic, those that are gone included.</summary>
    IEnumerable<string> LanesWithGroups(string topic, string service);

    /// <summary>Remembers that a lane has a group, for processes that start when the lane is gone.</summary>
    /// <returns>Whether it is remembered for good.</returns>
    Task<bool> RememberAsync(Group group, CancellationToken cancellationToken);
}
