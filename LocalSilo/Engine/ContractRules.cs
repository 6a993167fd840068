using System.Reflection;
using Orleans;

namespace Fairway.LocalSilo;

/// <summary>What a grain or observer interface must be like; codes as in <see cref="Refusals"/>.</summary>
internal static class ContractRules
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    public static IEnumerable<string> AliasesOf(MemberInfo member) =>
        member.GetCustomAttributes<AliasAttribute>(inherit: false).Select(attribute => attribute.Alias);

    public static IEnumerable<string> Check(Type contract)
    {
        if (!AliasesOf(contract).Any())
        {
            yield return $"LS001 {contract} lacks [Alias].";
        }

        if (contract.IsGenericTypeDefinition)
        {
            yield return $"LS007 {contract} is generic.";
            yield break;
        }

        if (typeof(IGrain).IsAssignableFrom(contract) && HasOtherKey(contract))
        {
            yield return $"LS006 {contract} has no string key: it must derive from IGrainWithStringKey, and from no other key.";
        }

        foreach (var member in contract.GetProperties(Declared).Concat<MemberInfo>(contract.GetEvents(Declared)))
        {
            yield return $"LS014 {contract}.{member.Name} is no method.";
        }

        var methods = contract.GetMethods(Declared).Where(method => method is { IsAbstract: true, IsSpecialName: false }).ToArray();
        foreach (var violation in methods.SelectMany(method => CheckMethod(method)))
        {
            yield return violation;
        }

        var aliases = methods.SelectMany(method => AliasesOf(method).Select(alias => (alias, $"{contract}.{method.Name}")));
        foreach (var violation in Refusals.Shared("LS016", "the alias", aliases))
        {
            yield return violation;
        }
    }

    private static bool HasOtherKey(Type contract) =>
        !typeof(IGrainWithStringKey).IsAssignableFrom(contract)
        || contract.GetInterfaces().Any(type => GrainClass.IsMarker(type) && type != typeof(IGrain) && type != typeof(IGrainWithStringKey) && typeof(IGrain).IsAssignableFrom(type));

    private static IEnumerable<string> CheckMethod(MethodInfo method)
    {
        var name = $"{method.DeclaringType}.{method.Name}";
        if (!AliasesOf(method).Any())
        {
            yield return $"LS002 {name} lacks [Alias].";
        }

        if (method.IsGenericMethodDefinition)
        {
            yield return $"LS007 {name} is generic.";
            yield break;
        }

        if (!CallShape.IsKnown(method.ReturnType))
        {
            yield return $"LS003 {name} returns {Text(method.ReturnType)}: it must be Task, Task<T>, ValueTask, ValueTask<T> or void.";
        }
        else if (method.ReturnType.IsGenericType)
        {
            foreach (var violation in CheckValue("LS005", $"the result of {name}", method.ReturnType.GetGenericArguments()[0], method.ReturnParameter))
            {
                yield return violation;
            }
        }

        var parameters = method.GetParameters();
        foreach (var parameter in parameters)
        {
            if (parameter.ParameterType.IsByRef)
            {
                yield return $"LS012 the parameter {parameter.Name} of {name} is passed by reference.";
                continue;
            }

            if (parameter.ParameterType == typeof(CancellationToken) && parameter.Position != parameters.Length - 1)
            {
                yield return $"LS013 the cancellation token {parameter.Name} of {name} is not the last parameter.";
            }

            foreach (var violation in CheckValue("LS004", $"the parameter {parameter.Name} of {name}", parameter.ParameterType, parameter))
            {
                yield return violation;
            }
        }
    }

    private static IEnumerable<string> CheckValue(string code, string what, Type type, ParameterInfo marked)
    {
        if (!marked.IsDefined(typeof(ImmutableAttribute), inherit: false) && !Immutability.IsSure(type))
        {
            yield return $"{code} {what} is {Text(type)}, which is neither marked [Immutable] nor surely immutable.";
        }

        foreach (var lacking in WireRules.Unserializable(type))
        {
            yield return $"LS019 {what} has {Text(lacking)}, which lacks [GenerateSerializer].";
        }
    }

    private static string Text(Type type) =>
        type.IsGenericType ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Text))}>" : type.ToString();
}
