using System.Collections.Concurrent;
using System.Text.Json;
using Fairway.Core.Directory;
using Fairway.Gateway.Lanes;

namespace Fairway.Gateway.BestList;

/// <summary>Encodes lists, each version of each variant once; what was not asked for lately is not kept.</summary>
public sealed class ListEncoder
{
    private const int MaxVariants = 64;
    private readonly ConcurrentDictionary<string, BestBodies> _best = new(StringComparer.Ordinal);
    private volatile ListBody? _services;
    private volatile ListBody? _lanes;
    private volatile ListBody? _edge;

    /// <summary>The ranked list of a service.</summary>
    public ListBody Best(DirectorySnapshot snapshot, ServiceEntry entry, BestQuery query)
    {
        var name = entry.Snapshot.Service;
        if (!_best.TryGetValue(name, out var bodies) || !ReferenceEquals(bodies.Entry, entry) || bodies.StaleCounter != snapshot.StaleCounter)
        {
            _best[name] = bodies = new BestBodies(entry, snapshot.StaleCounter, snapshot.Version(entry.Counter));
        }

        return bodies.Get(query);
    }

    public ListBody Services(DirectorySnapshot snapshot)
    {
        var version = snapshot.Version(snapshot.ServicesCounter);
        if (_services is { } known && known.Version == version)
        {
            return known;
        }

        Forget(snapshot);
        var lines = snapshot.Services.Select(pair => new ServiceLine(
            pair.Key, pair.Value.Summary.Instances, pair.Value.Summary.Usable, pair.Value.Summary.Mode, pair.Value.Summary.Lanes));
        return _services = Encode(version, new ServicesDocument(version, [.. lines]));
    }

    public ListBody Lanes(DirectorySnapshot snapshot)
    {
        var version = snapshot.Version(snapshot.TableCounters.Lanes);
        return _lanes is { } known && known.Version == version
            ? known
            : _lanes = Encode(version, LanesDocument.Of(snapshot, version));
    }

    /// <summary>The edge's snapshot; only the whole one is worth keeping, as deltas differ by reader.</summary>
    public ListBody Edge(DirectorySnapshot snapshot, string? since)
    {
        var whole = !snapshot.TryReadBase(since, out _);
        var version = snapshot.Version(snapshot.Counter);
        if (whole && _edge is { } known && known.Version == version)
        {
            return known;
        }

        var body = Encode(version, EdgeDocument.Of(snapshot, since));
        if (whole)
        {
            _edge = body;
        }

        return body;
    }

    private static ListBody Encode<T>(string version, T document) =>
        new(version, JsonSerializer.SerializeToUtf8Bytes(document, typeof(T), ListJson.Default));

    /// <summary>Lets go of the bodies of services that are gone.</summary>
    private void Forget(DirectorySnapshot snapshot)
    {
        foreach (var name in _best.Keys.Where(name => !snapshot.Services.ContainsKey(name)))
        {
            _best.TryRemove(name, out _);
        }
    }

    private sealed class BestBodies(ServiceEntry entry, long staleCounter, string version)
    {
        private readonly ConcurrentDictionary<BestQuery, ListBody> _variants = new();
        private volatile ListBody? _plain;

        public ServiceEntry Entry => entry;

        public long StaleCounter => staleCounter;

        public ListBody Get(BestQuery query)
        {
            if (query == BestQuery.Plain)
            {
                return _plain ??= Encode(query);
            }

            if (_variants.TryGetValue(query, out var body))
            {
                return body;
            }

            body = Encode(query);
            return _variants.Count < MaxVariants ? _variants.GetOrAdd(query, body) : body;
        }

        private ListBody Encode(BestQuery query) => Encode<BestDocument>(version, query.Document(entry.Snapshot, version));

        private static ListBody Encode<T>(string version, T document) => ListEncoder.Encode(version, document);
    }
}
