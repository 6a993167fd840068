using Orleans.Runtime;

namespace Orleans.Runtime
{
    /// <summary>Anything that can be called by reference: a grain or an observer.</summary>
    public interface IAddressable;
}

namespace Orleans
{
    public interface IGrain : IAddressable;

    public interface IGrainWithStringKey : IGrain;

    /// <summary>Known only so that it can be refused at start: grains here have string keys.</summary>
    public interface IGrainWithGuidKey : IGrain;

    /// <summary>Known only so that it can be refused at start: grains here have string keys.</summary>
    public interface IGrainWithIntegerKey : IGrain;

    /// <summary>Known only so that it can be refused at start: grains here have string keys.</summary>
    public interface IGrainWithGuidCompoundKey : IGrain;

    /// <summary>Known only so that it can be refused at start: grains here have string keys.</summary>
    public interface IGrainWithIntegerCompoundKey : IGrain;

    /// <summary>A callback object of a client, called through a reference that holds it weakly.</summary>
    public interface IGrainObserver : IAddressable;

    /// <summary>What the engine asks of a grain class.</summary>
    public interface IGrainBase
    {
        IGrainContext GrainContext { get; }

        Task OnActivateAsync(CancellationToken token) => Task.CompletedTask;

        Task OnDeactivateAsync(DeactivationReason reason, CancellationToken token) => Task.CompletedTask;
    }

    /// <summary>Makes references. Nothing is activated before the first call.</summary>
    public interface IGrainFactory
    {
        /// <exception cref="ArgumentException">No class, or no single one, implements the interface.</exception>
        TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
            where TGrainInterface : IGrainWithStringKey;

        TGrainInterface GetGrain<TGrainInterface>(GrainId grainId)
            where TGrainInterface : IAddressable;

        IGrain GetGrain(Type grainInterfaceType, string grainPrimaryKey);

        /// <summary>
        /// A reference to a client's object, which is held weakly: its owner keeps it alive. Only outside grains.
        /// </summary>
        /// <exception cref="InvalidOperationException">Called within a grain.</exception>
        /// <exception cref="ArgumentException">The object is a grain or a reference already.</exception>
        TGrainObserverInterface CreateObjectReference<TGrainObserverInterface>(IGrainObserver obj)
            where TGrainObserverInterface : IGrainObserver;

        /// <summary>Forgets an object by the reference that <see cref="CreateObjectReference"/> gave.</summary>
        /// <exception cref="ArgumentException">Not a reference, or not of a known object.</exception>
        void DeleteObjectReference<TGrainObserverInterface>(IGrainObserver obj)
            where TGrainObserverInterface : IGrainObserver;
    }

    public interface IClusterClient : IGrainFactory
    {
        IServiceProvider ServiceProvider { get; }
    }
}
