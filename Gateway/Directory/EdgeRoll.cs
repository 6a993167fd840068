using Fairway.Core.Directory;
using Fairway.Registry;
using Fairway.Registry.Schema;

namespace Fairway.Gateway.Directory;

/// <summary>
/// The edges that read this Gateway's snapshot: each under <c>edges/{id}</c> on a lease of its own, from its first read until it
/// has not been reading for <see cref="Stay"/>. One that goes over to another Gateway is entered there; what this one then lets go
/// is its own lease, and not the other's key.
/// </summary>
public sealed class EdgeRoll(IRegistry registry, RegistryMetrics metrics, TimeProvider clock, ILogger<EdgeRoll> logger) : BackgroundService
{
    /// <summary>How long an edge is still there between two reads.</summary>
    public static readonly TimeSpan Stay = TimeSpan.FromSeconds(10);

    /// <summary>Edges of one Gateway; those beyond read lists and are not entered.</summary>
    public const int Most = 1_000;

    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Place> _edges = new(StringComparer.Ordinal);
    private bool _stopped;

    /// <summary>Edges that are entered from here.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _edges.Count;
            }
        }
    }

    /// <summary>An edge reads; disposed when that read ends.</summary>
    public IDisposable? Enter(Member edge)
    {
        ArgumentNullException.ThrowIfNull(edge);
        Place? place;
        bool news;
        lock (_gate)
        {
            if (_stopped)
            {
                return null;
            }

            if (!_edges.TryGetValue(edge.Id, out place))
            {
                if (_edges.Count >= Most)
                {
                    return null;
                }

                _edges[edge.Id] = place = new Place(this, new LeaseKeeper(registry, Lease, clock, logger, metrics));
            }

            news = place.Edge != edge;
            place.Edge = edge;
            place.Reading++;
        }

        if (news)
        {
            _ = PutAsync(place.Keeper, edge);
        }

        return place;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        Place[] places;
        lock (_gate)
        {
            _stopped = true;
            places = [.. _edges.Values];
            _edges.Clear();
        }

        await Task.WhenAll(places.Select(place => place.Keeper.DisposeAsync().AsTask()));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await Task.Delay(Round, clock, stoppingToken);
            foreach (var place in Gone())
            {
                await place.Keeper.DisposeAsync();
            }
        }
    }

    private long Timestamp() => clock.GetTimestamp();

    private List<Place> Gone()
    {
        lock (_gate)
        {
            var gone = _edges.Values.Where(place => place.Reading == 0 && clock.GetElapsedTime(place.LeftAt) >= Stay).ToList();
            gone.ForEach(place => _edges.Remove(place.Edge!.Id));
            return gone;
        }
    }

    /// <summary>A registry that is away stops no read; the keeper puts it in later.</summary>
    private async Task PutAsync(LeaseKeeper keeper, Member edge)
    {
        try
        {
            await keeper.PutAsync(RegistryKeys.Edge(edge.Id), OperatorCodec.Encode(edge));
        }
        catch (Exception error) when (error is RegistryException or ObjectDisposedException or OperationCanceledException)
        {
            Log.EdgeNotEntered(logger, edge.Id, error);
        }
    }

    private sealed class Place(EdgeRoll roll, LeaseKeeper keeper) : IDisposable
    {
        public LeaseKeeper Keeper { get; } = keeper;

        public Member? Edge { get; set; }

        /// <summary>Reads under way.</summary>
        public int Reading { get; set; }

        public long LeftAt { get; private set; }

        /// <summary>One read ends.</summary>
        public void Dispose()
        {
            lock (roll._gate)
            {
                Reading--;
                LeftAt = roll.Timestamp();
            }
        }
    }
}
