using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Concurrency;
using Orleans.Configuration;
using Orleans.Core;
using Orleans.Runtime;

namespace Fairway.LocalSilo;

/// <summary>What is known of one grain class.</summary>
internal sealed class GrainClass
{
    private long _retiredCalls;
    private readonly ObjectFactory _create;
    private readonly ParameterInfo[] _facets;

    public GrainClass(Type type, GrainCollectionOptions collection)
    {
        Type = type;
        GrainType = TypeOf(type);
        Contracts = ContractsOf(type);
        Reentrant = type.IsDefined(typeof(ReentrantAttribute));
        IsFilter = typeof(IIncomingGrainCallFilter).IsAssignableFrom(type);
        CollectionAge = AgeOf(type, collection);
        var constructor = type.GetConstructors().OrderByDescending(candidate => candidate.GetParameters().Length).First();
        _facets = FacetsOf(constructor);
        _create = ActivatorUtilities.CreateFactory(type, [.. _facets.Select(parameter => parameter.ParameterType)]);
    }

    public Type Type { get; }

    public GrainType GrainType { get; }

    /// <summary>The grain interfaces of the class, the most derived first.</summary>
    public Type[] Contracts { get; }

    public InterfaceDescriptor MainContract => InterfaceDescriptor.Of(Contracts[0]);

    public bool Reentrant { get; }

    public bool IsFilter { get; }

    /// <summary>Calls of activations that have ended.</summary>
    public long RetiredCalls => Interlocked.Read(ref _retiredCalls);

    /// <summary>How long an activation may be idle; null for ever.</summary>
    public TimeSpan? CollectionAge { get; }

    /// <summary>The type part of the identity: as the attribute says, else the name without "Grain", in lower case.</summary>
    public static GrainType TypeOf(Type type)
    {
        if (type.GetCustomAttribute<GrainTypeAttribute>() is { } named)
        {
            return named.GetGrainType(null!, type);
        }

        var name = type.Name.ToLowerInvariant();
        const string suffix = "grain";
        return GrainType.Create(name.Length > suffix.Length && name.EndsWith(suffix, StringComparison.Ordinal) ? name[..^suffix.Length] : name);
    }

    public static Type[] ContractsOf(Type type) =>
    [
        .. type.GetInterfaces()
            .Where(contract => typeof(IGrain).IsAssignableFrom(contract) && !IsMarker(contract))
            .OrderByDescending(contract => contract.GetInterfaces().Length),
    ];

    public static bool IsMarker(Type contract) => contract.Assembly == typeof(IGrain).Assembly;

    public static ParameterInfo[] FacetsOf(ConstructorInfo constructor) =>
        [.. constructor.GetParameters().Where(parameter => parameter.IsDefined(typeof(PersistentStateAttribute)))];

    /// <summary>Makes the grain, and the states that are to be read before it activates. Within the activation's turn.</summary>
    /// <exception cref="InvalidOperationException">The constructor or one of its states threw the inner exception.</exception>
    public object Create(Activation activation, out IReadOnlyList<IStorage> states)
    {
        try
        {
            if (_facets.Length == 0)
            {
                states = [];
                return _create(activation.ActivationServices, null);
            }

            object[] facets = [.. _facets.Select(parameter => PersistentState.Create(parameter, activation))];
            states = [.. facets.Cast<IStorage>()];
            return _create(activation.ActivationServices, facets);
        }
        catch (Exception thrown)
        {
            throw new InvalidOperationException($"The grain class {Type} could not be made: {thrown.Message}", thrown);
        }
    }

    public void AddRetired(long calls) => Interlocked.Add(ref _retiredCalls, calls);

    private static TimeSpan? AgeOf(Type type, GrainCollectionOptions collection)
    {
        if (type.IsDefined(typeof(KeepAliveAttribute)) || type.GetCustomAttribute<CollectionAgeLimitAttribute>() is { AlwaysActive: true })
        {
            return null;
        }

        return type.GetCustomAttribute<CollectionAgeLimitAttribute>()?.AgeLimit
            ?? (collection.ClassSpecificCollectionAge.TryGetValue(type.FullName!, out var age) ? age : collection.CollectionAge);
    }
}
