using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Storage;
namespace Orleans.Runtime
{
    public abstract class GrainReference : IAddressable
    {
        public GrainId GrainId => throw new NotSupportedException();
        internal object As(Type t) => throw new NotSupportedException(t.Name + GrainId);
    }
}
namespace Fairway.LocalSilo
{
    internal sealed class Activation : IGrainContext
    {
        public static Activation? Current => null;
        public GrainReference GrainReference => throw new NotSupportedException();
        public GrainId GrainId => throw new NotSupportedException();
        public object? GrainInstance => throw new NotSupportedException();
        public IServiceProvider ActivationServices => throw new NotSupportedException();
        public Task Deactivated => throw new NotSupportedException();
        public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default) => throw new NotSupportedException();
        public bool Equals(IGrainContext? other) => ReferenceEquals(this, other);
        public override bool Equals(object? obj) => ReferenceEquals(this, obj);
        public override int GetHashCode() => 0;
        public object? GetComponent(Type componentType) => throw new NotSupportedException();
        public object? GetTarget() => throw new NotSupportedException();
        public void EnterReentrantSection(Guid g) => throw new NotSupportedException(g.ToString() + GrainId);
        public void ExitReentrantSection(Guid g) => throw new NotSupportedException(g.ToString() + GrainId);
        public GrainTimer<T> AddTimer<T>(Func<T, CancellationToken, Task> c, T s, GrainTimerCreationOptions o) => throw new NotSupportedException($"{c}{s}{o}{GrainId}");
    }
    internal sealed class GrainTimer<T> : IGrainTimer { public void Change(TimeSpan dueTime, TimeSpan period) { } public void Dispose() { } }
    internal sealed record StartupTask(int Stage, Func<IServiceProvider, CancellationToken, Task> Run);
    internal sealed class DelegateCallFilter(IncomingGrainCallFilterDelegate? a, OutgoingGrainCallFilterDelegate? b) : IIncomingGrainCallFilter, IOutgoingGrainCallFilter
    {
        public Task Invoke(IIncomingGrainCallContext context) => a!(context);
        public Task Invoke(IOutgoingGrainCallContext context) => b!(context);
    }
    internal sealed class MemoryStorage : IGrainStorage
    {
        public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => throw new NotSupportedException();
        public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => throw new NotSupportedException();
        public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => throw new NotSupportedException();
    }
    internal sealed class SiloBuilder(IServiceCollection s, IConfiguration c) : ISiloBuilder
    {
        public IServiceCollection Services => s;
        public IConfiguration Configuration => c;
        public static SiloBuilder For(IServiceCollection s, IConfiguration c) => new(s, c);
    }
}
