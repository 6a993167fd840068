using Orleans;
using Orleans.Runtime;

namespace Fairway.LocalSilo;

/// <summary>
/// What the real engine would fail on only later, over the wire or between versions, is refused here at start.
/// Each violation has a stable code:
/// <list type="table">
/// <item><term>LS001</term><description>a grain or observer interface lacks [Alias]</description></item>
/// <item><term>LS002</term><description>a method of one lacks [Alias]</description></item>
/// <item><term>LS003</term><description>a method returns something else than Task, Task of T, ValueTask, ValueTask of T or void</description></item>
/// <item><term>LS004</term><description>a parameter is neither marked [Immutable] nor surely immutable</description></item>
/// <item><term>LS005</term><description>a result is neither marked [Immutable] nor surely immutable</description></item>
/// <item><term>LS006</term><description>a grain interface has no string key</description></item>
/// <item><term>LS007</term><description>an interface, method or grain class is generic</description></item>
/// <item><term>LS008</term><description>an exception beside grains lacks [GenerateSerializer]</description></item>
/// <item><term>LS009</term><description>a persistent state lacks [GenerateSerializer]</description></item>
/// <item><term>LS010</term><description>a member of a serialized type lacks [Id], so it would be lost</description></item>
/// <item><term>LS011</term><description>a serialized type lacks [Alias]</description></item>
/// <item><term>LS012</term><description>a parameter is passed by reference</description></item>
/// <item><term>LS013</term><description>a cancellation token is not the last parameter, or not the only token</description></item>
/// <item><term>LS014</term><description>an interface has a property or an event</description></item>
/// <item><term>LS015</term><description>two members of a serialized type share an [Id]</description></item>
/// <item><term>LS016</term><description>two types, or two methods of an interface, share an [Alias]</description></item>
/// <item><term>LS017</term><description>two grain classes share a grain type</description></item>
/// <item><term>LS018</term><description>a grain class has no public constructor</description></item>
/// <item><term>LS019</term><description>a type of a parameter or result lacks [GenerateSerializer]</description></item>
/// </list>
/// </summary>
internal static class Refusals
{
    /// <exception cref="OrleansConfigurationException">There is a violation; the message lists them all.</exception>
    public static void ThrowIfAny(ApplicationParts parts)
    {
        var found = Find(parts).Distinct().Order(StringComparer.Ordinal).ToArray();
        if (found.Length > 0)
        {
            throw new OrleansConfigurationException(
                $"The grains cannot be run, for {found.Length} reason(s):{Environment.NewLine}{string.Join(Environment.NewLine, found)}");
        }
    }

    private static IEnumerable<string> Find(ApplicationParts parts) =>
        parts.Contracts.SelectMany(ContractRules.Check)
            .Concat(parts.GrainClasses.SelectMany(CheckClass))
            .Concat(Shared("LS017", "the grain type", parts.GrainClasses.Select(type => (GrainClass.TypeOf(type).ToString(), type.FullName!))))
            .Concat(parts.Types.Where(IsSerialized).SelectMany(WireRules.Check))
            .Concat(Shared("LS016", "the alias", parts.Types.SelectMany(type => ContractRules.AliasesOf(type).Select(alias => (alias, type.FullName!)))))
            .Concat(Exceptions(parts))
            .Concat(GenericClasses(parts));

    /// <summary>One line for each name that two or more share.</summary>
    public static IEnumerable<string> Shared(string code, string what, IEnumerable<(string Name, string Owner)> names) =>
        names.GroupBy(entry => entry.Name, entry => entry.Owner)
            .Where(group => group.Count() > 1)
            .Select(group => $"{code} {string.Join(", ", group.Order(StringComparer.Ordinal))} share {what} '{group.Key}'.");

    private static bool IsSerialized(Type type) => type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false) && !type.IsEnum;

    private static IEnumerable<string> CheckClass(Type type)
    {
        var constructors = type.GetConstructors();
        if (constructors.Length == 0)
        {
            yield return $"LS018 {type} has no public constructor.";
        }

        foreach (var parameter in constructors.SelectMany(GrainClass.FacetsOf))
        {
            var state = parameter.ParameterType.IsGenericType ? parameter.ParameterType.GetGenericArguments()[0] : parameter.ParameterType;
            foreach (var lacking in WireRules.Unserializable(state))
            {
                yield return $"LS009 {type} keeps the state {lacking}, which lacks [GenerateSerializer].";
            }
        }
    }

    private static IEnumerable<string> Exceptions(ApplicationParts parts) =>
        parts.Contracts.Concat(parts.GrainClasses).Select(type => type.Assembly).ToHashSet() is var beside
            ? parts.Types
                .Where(type => typeof(Exception).IsAssignableFrom(type) && beside.Contains(type.Assembly) && !IsSerialized(type))
                .Select(type => $"LS008 {type} may be thrown by a grain, and lacks [GenerateSerializer].")
            : [];

    private static IEnumerable<string> GenericClasses(ApplicationParts parts) =>
        parts.Types
            .Where(type => type is { IsClass: true, IsAbstract: false, IsGenericTypeDefinition: true } && typeof(IGrain).IsAssignableFrom(type))
            .Select(type => $"LS007 {type} is generic.");
}
