using System.Collections.Concurrent;
using Orleans.Runtime;

namespace Fairway.LocalSilo;

/// <summary>One grain or observer interface: its methods, and the type that implements it by making calls.</summary>
internal sealed class InterfaceDescriptor
{
    private static readonly ConcurrentDictionary<Type, Lazy<InterfaceDescriptor>> Known = new();

    private readonly Func<Silo, InterfaceDescriptor, GrainId, GrainReference> _make;

    private InterfaceDescriptor(Type contract)
    {
        Contract = contract;
        Name = contract.Name;
        Methods = [.. MethodDescriptor.AllOf(contract).Select(method => new MethodDescriptor(method))];
        _make = ProxyEmitter.Emit(this);
    }

    public Type Contract { get; }

    public string Name { get; }

    public MethodDescriptor[] Methods { get; }

    public static InterfaceDescriptor Of(Type contract) =>
        Known.GetOrAdd(contract, static type => new Lazy<InterfaceDescriptor>(() => new InterfaceDescriptor(type))).Value;

    public GrainReference NewReference(Silo silo, GrainId id) => _make(silo, this, id);

    /// <summary>Saves the look-up where the interface is known when compiling.</summary>
    public static class For<T>
    {
        public static readonly InterfaceDescriptor Value = Of(typeof(T));
    }
}
