using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Stress;

/// <summary>A cache in which stress requests have keys of their own; the prefix is chosen at each call.</summary>
public sealed class ShadowCache(IDistributedCache inner, IOptions<StressOptions> options) : IDistributedCache
{
    public byte[]? Get(string key) => inner.Get(Key(key));

    public Task<byte[]?> GetAsync(string key, CancellationToken token = default) => inner.GetAsync(Key(key), token);

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => inner.Set(Key(key), value, options);

    public Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default) =>
        inner.SetAsync(Key(key), value, options, token);

    public void Refresh(string key) => inner.Refresh(Key(key));

    public Task RefreshAsync(string key, CancellationToken token = default) => inner.RefreshAsync(Key(key), token);

    public void Remove(string key) => inner.Remove(Key(key));

    public Task RemoveAsync(string key, CancellationToken token = default) => inner.RemoveAsync(Key(key), token);

    private string Key(string key) => StressGate.IsMarked ? options.Value.CachePrefix + key : key;
}
