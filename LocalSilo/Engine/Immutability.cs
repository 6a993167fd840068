using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Numerics;
using Orleans;
using Orleans.Runtime;

namespace Fairway.LocalSilo;

/// <summary>
/// Which types a value of can be passed without a copy, because it cannot change: by the type's nature, or because it
/// is marked <see cref="ImmutableAttribute"/>. Memory and read-only interfaces are not among them: what they look at may change.
/// </summary>
internal static class Immutability
{
    private static readonly FrozenSet<Type> Leaves = new HashSet<Type>
    {
        typeof(string), typeof(decimal), typeof(Guid), typeof(DateTime), typeof(DateTimeOffset), typeof(TimeSpan), typeof(DateOnly),
        typeof(TimeOnly), typeof(Uri), typeof(Version), typeof(IPAddress), typeof(CultureInfo), typeof(BigInteger), typeof(Int128),
        typeof(UInt128), typeof(Half), typeof(CancellationToken),
    }.ToFrozenSet();

    private static readonly FrozenSet<Type> Containers = new HashSet<Type>
    {
        typeof(Nullable<>), typeof(KeyValuePair<,>), typeof(Tuple<>), typeof(Tuple<,>), typeof(Tuple<,,>), typeof(Tuple<,,,>),
        typeof(ValueTuple<>), typeof(ValueTuple<,>), typeof(ValueTuple<,,>), typeof(ValueTuple<,,,>), typeof(ValueTuple<,,,,>),
        typeof(ImmutableArray<>), typeof(ImmutableList<>), typeof(ImmutableDictionary<,>), typeof(ImmutableSortedDictionary<,>),
        typeof(ImmutableHashSet<>), typeof(ImmutableSortedSet<>), typeof(ImmutableQueue<>), typeof(ImmutableStack<>),
        typeof(FrozenDictionary<,>), typeof(FrozenSet<>),
    }.ToFrozenSet();

    private static readonly ConcurrentDictionary<Type, bool> Known = new();

    public static bool IsSure(Type type) => Known.GetOrAdd(type, Decide);

    /// <summary>Types of the framework, which the real engine brings codecs for or not whatever we declare.</summary>
    public static bool IsLeaf(Type type) => type.IsPrimitive || type.IsEnum || Leaves.Contains(type);

    public static bool IsContainer(Type type) => type.IsGenericType && Containers.Contains(type.GetGenericTypeDefinition());

    private static bool Decide(Type type)
    {
        if (IsLeaf(type) || typeof(IAddressable).IsAssignableFrom(type) || type.IsDefined(typeof(ImmutableAttribute), inherit: false))
        {
            return true;
        }

        return IsContainer(type) && type.GetGenericArguments().All(Decide);
    }
}
