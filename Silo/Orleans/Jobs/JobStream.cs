using System.Globalization;
using Fairway.Core.Balancing;
using Fairway.Silo.Jobs;
using Orleans.Streams;

namespace Fairway.Silo.Orleans.Jobs;

/// <summary>Streams as <see cref="IJobStream"/>: a fixed number of them, each with one grain behind it wherever it is placed.</summary>
internal sealed class JobStream(IGrainFactory grains, IServiceProvider services, JobStreamOptions options) : IJobStream, IJobTakerObserver
{
    public const string Namespace = "fairway.jobs";

    private readonly string _process = Guid.NewGuid().ToString("N");
    private readonly string[] _partitions = [.. Enumerable.Range(0, options.Partitions).Select(number => number.ToString(CultureInfo.InvariantCulture))];
    private readonly Lazy<IStreamProvider> _provider = new(() => services.GetRequiredKeyedService<IStreamProvider>(options.Provider));
    private IJobTakerObserver? _self;
    private IJobTaker? _taker;

    public Task TellAsync(string user, long version) =>
        _provider.Value.GetStream<JobCall>(Namespace, Rendezvous.Owner(user, _partitions)!).OnNextAsync(new JobCall(user, version));

    public Task AttachAsync(IJobTaker taker)
    {
        _taker = taker;
        var self = _self ??= grains.CreateObjectReference<IJobTakerObserver>(this);
        return Task.WhenAll(_partitions.Select(partition => grains.GetGrain<IJobPartitionGrain>(partition).Attach(_process, self)));
    }

    public Task DetachAsync()
    {
        _taker = null;
        return Task.WhenAll(_partitions.Select(partition => grains.GetGrain<IJobPartitionGrain>(partition).Detach(_process)));
    }

    public Task<bool> Offer(string user, long version) => Task.FromResult(_taker?.Offer(user, version) ?? false);
}
