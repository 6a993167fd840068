using System.Net;
using Microsoft.Extensions.Options;
using Orleans;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Fairway.LocalSilo;

internal sealed class ClusterClient(Silo silo) : IClusterClient
{
    public IServiceProvider ServiceProvider => silo.Services;

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey
    {
        var id = silo.IdFor(typeof(TGrainInterface), primaryKey, grainClassNamePrefix); // refuses what no class implements
        return (TGrainInterface)(object)InterfaceDescriptor.For<TGrainInterface>.Value.NewReference(silo, id);
    }

    public TGrainInterface GetGrain<TGrainInterface>(GrainId grainId)
        where TGrainInterface : IAddressable =>
        (TGrainInterface)(object)InterfaceDescriptor.For<TGrainInterface>.Value.NewReference(silo, grainId);

    public IGrain GetGrain(Type grainInterfaceType, string grainPrimaryKey)
    {
        var id = silo.IdFor(grainInterfaceType, grainPrimaryKey, null);
        return (IGrain)InterfaceDescriptor.Of(grainInterfaceType).NewReference(silo, id);
    }

    public TGrainObserverInterface CreateObjectReference<TGrainObserverInterface>(IGrainObserver obj)
        where TGrainObserverInterface : IGrainObserver => (TGrainObserverInterface)(object)silo.AddObserver(typeof(TGrainObserverInterface), obj);

    public void DeleteObjectReference<TGrainObserverInterface>(IGrainObserver obj)
        where TGrainObserverInterface : IGrainObserver => silo.RemoveObserver(obj);
}

internal sealed class GrainRuntime(Silo silo, IGrainFactory factory, ILocalSiloDetails details) : IGrainRuntime
{
    public string SiloIdentity => details.SiloAddress.ToString();

    public IGrainFactory GrainFactory => factory;

    public IServiceProvider ServiceProvider => silo.Services;

    public TimeProvider TimeProvider => silo.GrainClock;

    public void DeactivateOnIdle(IGrainContext grainContext) =>
        grainContext.Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationRequested, "DeactivateOnIdle was called."));

    public void DelayDeactivation(IGrainContext grainContext, TimeSpan timeSpan) => ((Activation)grainContext).DelayDeactivation(timeSpan);
}

internal sealed class GrainContextAccessor : IGrainContextAccessor
{
    public IGrainContext GrainContext => Activation.Current!;
}

internal sealed class SiloDetails(IOptions<ClusterOptions> cluster, TimeProvider clock) : ILocalSiloDetails
{
    public string Name { get; } = "local";

    public string ClusterId => cluster.Value.ClusterId;

    public string DnsHostName { get; } = Dns.GetHostName();

    /// <summary>No port: the silo listens to nobody.</summary>
    public SiloAddress SiloAddress { get; } = SiloAddress.New(IPAddress.Loopback, 0, (int)(clock.GetUtcNow().ToUnixTimeSeconds() & int.MaxValue));

    public SiloAddress GatewayAddress => SiloAddress;
}
