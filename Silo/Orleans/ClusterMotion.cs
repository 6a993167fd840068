using Fairway.Grains.Streams;

namespace Fairway.Silo.Orleans;

/// <summary>When this silo last heard of another one that came or went.</summary>
internal sealed class ClusterMotion(ISiloStatusOracle silos) : IClusterMotion, ISiloStatusListener, ILifecycleParticipant<ISiloLifecycle>
{
    /// <summary>Longer than a silo takes to be declared dead and its grains to begin elsewhere.</summary>
    private static readonly TimeSpan Lately = TimeSpan.FromSeconds(30);

    private static readonly TimeProvider Time = TimeProvider.System; // the runtime's clock, not the grains'

    private long _changedAt = long.MinValue;

    public bool IsMoving => Interlocked.Read(ref _changedAt) is not long.MinValue and var at && Time.GetElapsedTime(at) < Lately;

    public bool MayMove => true;

    public void SiloStatusChangeNotification(SiloAddress updatedSilo, SiloStatus status)
    {
        if (!updatedSilo.Equals(silos.SiloAddress))
        {
            Interlocked.Exchange(ref _changedAt, Time.GetTimestamp());
        }
    }

    public void Participate(ISiloLifecycle observer) => observer.Listen(ServiceLifecycleStage.RuntimeGrainServices, silos, this);
}

/// <summary>A client is told of no silo but those that it is connected to.</summary>
internal sealed class UnseenMotion : IClusterMotion
{
    public bool IsMoving => true;

    public bool MayMove => true;
}
