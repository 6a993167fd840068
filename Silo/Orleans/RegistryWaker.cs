using Fairway.GrainInterfaces.Directory;

namespace Fairway.Silo.Orleans;

/// <summary>Wakes the grain that watches the registry when a silo has died: it may have been that one's, and nobody else may call it for a while.</summary>
internal sealed class RegistryWaker(ISiloStatusOracle silos, IGrainFactory grains, ILogger<RegistryWaker> logger)
    : ILifecycleParticipant<ISiloLifecycle>, ISiloStatusListener
{
    public void Participate(ISiloLifecycle observer) => observer.Listen(ServiceLifecycleStage.Active, silos, this);

    public void SiloStatusChangeNotification(SiloAddress updatedSilo, SiloStatus status)
    {
        if (status == SiloStatus.Dead && silos.CurrentStatus == SiloStatus.Active)
        {
            _ = WakeAsync(updatedSilo);
        }
    }

    private async Task WakeAsync(SiloAddress dead)
    {
        try
        {
            await grains.GetGrain<IRegistryGrain>(GrainKeys.Registry).Wake();
        }
        catch (Exception failure)
        {
            logger.NotWoken(dead.ToParsableString(), failure);
        }
    }
}
