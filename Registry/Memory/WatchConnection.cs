using System.Collections.Concurrent;
using Fairway.GrpcWire;
using Fairway.Registry.Etcd.Protocol;
using Google.Protobuf;

namespace Fairway.Registry.Memory;

/// <summary>
/// One stream of etcd's Watch: any number of watches, created and cancelled by the client. Whatever is sent is taken from the
/// store and written in one turn, so that progress never overtakes an event.
/// </summary>
internal sealed class WatchConnection(MemoryRegistry registry, IGrpcStreamWriter<WatchResponse> responses, TimeProvider time) : IDisposable
{
    private const long NoWatch = -1;
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<long, ServedWatch> _watches = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private long _nextId;

    public async Task RunAsync(IAsyncEnumerable<WatchRequest> requests, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var progress = NotifyProgressAsync(ending.Token);
        var pumps = new List<Task>();
        try
        {
            await foreach (var request in requests.WithCancellation(ending.Token))
            {
                switch (request.RequestUnionCase)
                {
                    case WatchRequest.RequestUnionOneofCase.CreateRequest:
                        if (await CreateAsync(request.CreateRequest) is { } watch)
                        {
                            pumps.RemoveAll(pump => pump.IsCompleted);
                            pumps.Add(PumpAsync(watch, ending.Token));
                        }

                        break;
                    case WatchRequest.RequestUnionOneofCase.CancelRequest:
                        await CancelAsync(request.CancelRequest.WatchId);
                        break;
                    case WatchRequest.RequestUnionOneofCase.ProgressRequest:
                        await SendProgressAsync(NoWatch, _watches.Values);
                        break;
                }
            }
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll([progress, .. pumps]).ContinueWith(static all => _ = all.Exception, TaskScheduler.Default);
            foreach (var watch in _watches.Values)
            {
                watch.Dispose();
            }
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task<ServedWatch?> CreateAsync(WatchCreateRequest request)
    {
        var range = RangeOf(request);
        if (!range.IsSingle && !range.IsBeforeEnd(range.Start))
        {
            await RefuseAsync("mvcc: watcher range is empty");
            return null;
        }

        var id = request.WatchId != 0 ? request.WatchId : FreeId();
        var watch = new ServedWatch(id, registry.Store.Watch(range, request.StartRevision), request);
        if (!_watches.TryAdd(id, watch))
        {
            watch.Dispose();
            await RefuseAsync("mvcc: duplicate watch ID provided on the WatchStream");
            return null;
        }

        await InTurnAsync(() => SendAsync(new WatchResponse { WatchId = id, Created = true }));
        return watch;
    }

    private Task RefuseAsync(string reason) => InTurnAsync(() =>
        SendAsync(new WatchResponse { WatchId = NoWatch, Created = true, Canceled = true, CancelReason = reason }));

    private async Task CancelAsync(long id)
    {
        if (_watches.TryRemove(id, out var watch))
        {
            watch.Dispose();
            await InTurnAsync(() => SendAsync(new WatchResponse { WatchId = id, Canceled = true }));
        }
    }

    private async Task PumpAsync(ServedWatch watch, CancellationToken cancellationToken)
    {
        while (await watch.Position.WaitAsync(cancellationToken))
        {
            await InTurnAsync(() => FlushAsync(watch));
        }
    }

    private async Task NotifyProgressAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(ProgressInterval, time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            foreach (var watch in _watches.Values.Where(watch => watch.Request.ProgressNotify))
            {
                await SendProgressAsync(watch.Id, [watch]);
            }
        }
    }

    private Task SendProgressAsync(long id, IEnumerable<ServedWatch> of) => InTurnAsync(async () =>
    {
        var header = EtcdEndpointExtensions.Header(registry);
        foreach (var watch in of)
        {
            await FlushAsync(watch);
        }

        await responses.WriteAsync(new WatchResponse { Header = header, WatchId = id });
    });

    /// <summary>Sends what the watch has missed. In turn only.</summary>
    private async Task FlushAsync(ServedWatch watch)
    {
        if (!_watches.ContainsKey(watch.Id))
        {
            return;
        }

        try
        {
            if (watch.Position.Take() is { } taken)
            {
                foreach (var response in WatchResponses.Split(watch.Id, taken, watch.Request))
                {
                    await SendAsync(response);
                }
            }
        }
        catch (StoreException e)
        {
            _watches.TryRemove(watch.Id, out _);
            watch.Dispose();
            await SendAsync(new WatchResponse
            {
                WatchId = watch.Id, Canceled = true, CompactRevision = e.CompactRevision, CancelReason = e.Message,
            });
        }
    }

    private async Task InTurnAsync(Func<Task> send)
    {
        await _turn.WaitAsync();
        try
        {
            await send();
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task SendAsync(WatchResponse response)
    {
        response.Header = EtcdEndpointExtensions.Header(registry);
        await responses.WriteAsync(response);
    }

    private long FreeId()
    {
        while (_watches.ContainsKey(_nextId))
        {
            _nextId++;
        }

        return _nextId++;
    }

    /// <summary>As etcd reads it: no key is the smallest one.</summary>
    private static KeyRange RangeOf(WatchCreateRequest request) =>
        new(request.Key.IsEmpty ? ByteString.CopyFrom(0) : request.Key, request.RangeEnd);

    private sealed record ServedWatch(long Id, StoreWatch Position, WatchCreateRequest Request) : IDisposable
    {
        public void Dispose() => Position.Dispose();
    }
}
