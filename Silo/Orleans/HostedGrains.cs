using Fairway.Grains;
using Fairway.Grains.Streams;
using Orleans.Configuration;

namespace Fairway.Silo.Orleans;

/// <summary>Which grains this silo offers to hold.</summary>
internal static class HostedGrains
{
    /// <summary>A silo without history cannot keep answers: it does not offer the grains that need one, and the cluster places them elsewhere.</summary>
    public static void Limit(GrainTypeOptions types, IServiceProviderIsService services)
    {
        if (!services.IsService(typeof(IHistory)))
        {
            types.Classes.ExceptWith(GrainServices.NeedHistory);
        }
    }
}
