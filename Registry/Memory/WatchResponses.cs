using Fairway.Registry.Etcd.Protocol;
using Filter = Fairway.Registry.Etcd.Protocol.WatchCreateRequest.Types.FilterType;

namespace Fairway.Registry.Memory;

/// <summary>Cuts what a watch has to tell into messages, and leaves out what its client did not ask for.</summary>
internal static class WatchResponses
{
    /// <summary>
    /// Messages of about <see cref="EtcdKv.MaxRequestBytes"/>. They end between revisions; only a client that asked for
    /// fragments gets a revision larger than that in several, all but the last marked.
    /// </summary>
    public static IEnumerable<WatchResponse> Split(long id, IReadOnlyList<Event> events, WatchCreateRequest request)
    {
        var response = new WatchResponse { WatchId = id };
        var size = 0;
        var lastRevision = 0L;
        foreach (var change in events.Where(change => !IsFiltered(change, request)))
        {
            var shown = Shown(change, request);
            var bytes = shown.CalculateSize();
            var sameRevision = shown.Kv.ModRevision == lastRevision;
            if (response.Events.Count > 0 && size + bytes > EtcdKv.MaxRequestBytes && (!sameRevision || request.Fragment))
            {
                response.Fragment = sameRevision;
                yield return response;
                response = new WatchResponse { WatchId = id };
                size = 0;
            }

            response.Events.Add(shown);
            size += bytes;
            lastRevision = shown.Kv.ModRevision;
        }

        if (response.Events.Count > 0)
        {
            yield return response;
        }
    }

    private static bool IsFiltered(Event change, WatchCreateRequest request) =>
        request.Filters.Contains(change.Type == Event.Types.EventType.Put ? Filter.Noput : Filter.Nodelete);

    private static Event Shown(Event change, WatchCreateRequest request) =>
        request.PrevKv ? change : new Event { Type = change.Type, Kv = change.Kv };
}
