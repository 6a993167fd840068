using Fairway.Core.Directory;
using Fairway.Registry;
using Fairway.Registry.Schema;
using Fairway.Testing;

namespace Fairway.Exporter.Tests.Hosting;

/// <summary>One change of a status key; no batch for a delete.</summary>
internal sealed record StatusPut(StatusKey Key, StatusBatch? Batch, long Lease, int Bytes);

/// <summary>Every status batch that reaches a registry, in order.</summary>
internal sealed class StatusLog : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<StatusPut> _puts = [];
    private readonly Task _reading;

    public StatusLog(IRegistry registry) => _reading = ReadAsync(registry);

    public IReadOnlyList<StatusPut> Puts
    {
        get
        {
            lock (_puts)
            {
                return [.. _puts];
            }
        }
    }

    /// <summary>The items of all batches about one instance, oldest first.</summary>
    public IReadOnlyList<InstanceStatus> Of(string id) =>
        [.. Puts.Where(put => put.Batch is not null).SelectMany(put => put.Batch!.Items).Where(item => item.Id == id)];

    public bool IsDown(string id) => Of(id) is [.., { Life: Life.Down }];

    public bool IsUp(string id) => Of(id) is [.., { Life: Life.Up }];

    public Task UntilDown(string id) => Eventually.True(() => IsDown(id), what: $"{id} down");

    public Task UntilUp(string id) => Eventually.True(() => IsUp(id), what: $"{id} up");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading;
        _stop.Dispose();
    }

    private async Task ReadAsync(IRegistry registry)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await foreach (var batch in registry.WatchAsync(RegistryKeys.Statuses, 1, _stop.Token))
                {
                    lock (_puts)
                    {
                        _puts.AddRange(batch.Changes.Select(Put));
                    }
                }
            }
            catch (Exception e) when (e is OperationCanceledException or RegistryException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
                lock (_puts)
                {
                    _puts.Clear(); // it is read from the first revision again
                }
            }
        }
    }

    private static StatusPut Put(RegistryChange change)
    {
        Assert.True(RegistryKey.TryParse(change.Entry.Key, out var key));
        StatusBatch? batch = null;
        Assert.True(change.IsDelete || StatusCodec.TryDecode(change.Entry.Value.Span, out batch));
        return new StatusPut((StatusKey)key, batch, change.Entry.Lease, change.Entry.Value.Length);
    }
}
