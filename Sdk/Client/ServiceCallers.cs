using System.Collections.Concurrent;
using Fairway.Core.Balancing;
using Fairway.Core.Directory;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Client;

/// <summary>A <see cref="Caller"/> for each service and lane this process has called, kept up to date with the directory.</summary>
internal sealed class ServiceCallers
{
    private readonly ConcurrentDictionary<(string Service, string Lane), Slot> _slots = new();
    private readonly CallerOptions _options;
    private readonly TimeProvider _time;
    private readonly Draws _draws;

    public ServiceCallers(IOptions<FairwayClientOptions> options, DirectoryReader reader, TimeProvider time, Draws draws)
    {
        _options = options.Value.Caller();
        _time = time;
        _draws = draws;
        reader.Changed += Refresh;
    }

    /// <summary>The present on the clock that callers go by.</summary>
    public TimeSpan Now => _time.GetElapsedTime(0, _time.GetTimestamp());

    public Caller Of(ServiceEntry service, string lane)
    {
        var slot = _slots.GetOrAdd((service.Name, lane), static _ => new Slot());
        return ReferenceEquals(slot.Seen, service) ? slot.Caller! : Update(slot, service, lane);
    }

    private void Refresh(ServiceDirectory directory)
    {
        foreach (var ((name, lane), slot) in _slots)
        {
            if (!directory.Services.TryGetValue(name, out var service))
            {
                _slots.TryRemove((name, lane), out _);
            }
            else if (!ReferenceEquals(slot.Seen, service))
            {
                Update(slot, service, lane);
            }
        }
    }

    private Caller Update(Slot slot, ServiceEntry service, string lane)
    {
        lock (slot)
        {
            if (!ReferenceEquals(slot.Seen, service))
            {
                var policy = (service.Mode, service.BoundFactor);
                if (slot.Caller is null || slot.Policy != policy)
                {
                    slot.Caller = new Caller(PolicyOf(service), _options);
                    slot.Policy = policy;
                }

                slot.Caller.Update(service.Serving(lane), Now);
                slot.Seen = service;
            }

            return slot.Caller!;
        }
    }

    private IBalancer PolicyOf(ServiceEntry service) => service.Mode switch
    {
        ServicePolicy.Manual => new WeightedRandom(_draws),
        ServicePolicy.Hash => new RingHash(service.BoundFactor),
        _ => new Scored(_draws),
    };

    private sealed class Slot
    {
        private volatile ServiceEntry? _seen;

        /// <summary>What <see cref="Caller"/> was updated with last.</summary>
        public ServiceEntry? Seen
        {
            get => _seen;
            set => _seen = value;
        }

        public Caller? Caller { get; set; }

        public (string Mode, double BoundFactor) Policy { get; set; }
    }
}
