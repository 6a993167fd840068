using Fairway.Grains;
using Fairway.Grains.Streams;
using Fairway.Silo.Jobs;
using Fairway.Silo.Orleans.Jobs;
using Orleans.Configuration;

namespace Fairway.Silo.Orleans;

/// <summary>Which grains this silo offers to hold.</summary>
internal static class HostedGrains
{
    /// <summary>
    /// A silo without history cannot keep answers, and one without streams is told of no jobs: it does not offer the grains that need them,
    /// and the cluster places them elsewhere.
    /// </summary>
    public static void Limit(GrainTypeOptions types, IServiceProviderIsService services)
    {
        if (!services.IsService(typeof(IHistory)))
        {
            types.Classes.ExceptWith(GrainServices.NeedHistory);
        }

        if (!services.IsService(typeof(IJobStream)))
        {
            types.Classes.Remove(typeof(JobPartitionGrain)); // its stream could not reach it here
        }
    }
}
