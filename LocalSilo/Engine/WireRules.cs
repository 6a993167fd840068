using System.Reflection;
using System.Runtime.CompilerServices;
using Orleans;
using Orleans.Runtime;

namespace Fairway.LocalSilo;

/// <summary>What a serialized type must be like; codes as in <see cref="Refusals"/>.</summary>
internal static class WireRules
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly;
    private const FieldAttributes NotSerialized = (FieldAttributes)0x80; // its name is obsolete, the mark is not
    private const string BackingField = ">k__BackingField";

    /// <summary>The types within <paramref name="type"/> that are ours to mark for serialization, and are not.</summary>
    public static IEnumerable<Type> Unserializable(Type type)
    {
        if (type.IsArray)
        {
            return Unserializable(type.GetElementType()!);
        }

        var ours = !Immutability.IsLeaf(type) && !typeof(IAddressable).IsAssignableFrom(type) && !type.IsGenericParameter
            && !type.Assembly.GetName().Name!.StartsWith("System.", StringComparison.Ordinal)
            && !type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false);
        return (ours ? [type] : Array.Empty<Type>()).Concat(type.GetGenericArguments().SelectMany(Unserializable));
    }

    public static IEnumerable<string> Check(Type type)
    {
        if (!ContractRules.AliasesOf(type).Any())
        {
            yield return $"LS011 {type} is serialized, and lacks [Alias].";
        }

        var all = type.GetCustomAttribute<GenerateSerializerAttribute>()!;
        var given = IncludesConstructor(type, all) ? ConstructorParameters(type) : [];
        List<(string Id, string Owner)> ids = [];
        foreach (var field in type.GetFields(Declared))
        {
            var property = PropertyOf(field);
            if (field.Attributes.HasFlag(NotSerialized) || (property is null && field.IsDefined(typeof(CompilerGeneratedAttribute))))
            {
                continue;
            }

            MemberInfo member = property is null ? field : property;
            if (member.GetCustomAttribute<IdAttribute>() is { } id)
            {
                ids.Add((id.Id.ToString(), $"{type}.{member.Name}"));
            }
            else if (!given.Contains(member.Name) && !(all.GenerateFieldIds == GenerateFieldIds.PublicProperties && property?.GetMethod?.IsPublic == true))
            {
                yield return $"LS010 {type}.{member.Name} lacks [Id], so it would be lost.";
            }
        }

        foreach (var violation in Refusals.Shared("LS015", "the id", ids))
        {
            yield return violation;
        }
    }

    private static PropertyInfo? PropertyOf(FieldInfo field) =>
        field.Name.EndsWith(BackingField, StringComparison.Ordinal)
            ? field.DeclaringType!.GetProperty(field.Name[1..^BackingField.Length], Declared)
            : null;

    /// <summary>The parameters of a record have their ids by their order.</summary>
    private static bool IncludesConstructor(Type type, GenerateSerializerAttribute attribute) =>
        attribute.IncludePrimaryConstructorParameters && type.GetMethod("PrintMembers", Declared) is not null;

    private static HashSet<string> ConstructorParameters(Type type)
    {
        var primary = type.GetConstructors(Declared)
            .Where(constructor => constructor.GetParameters() is not [{ } only] || only.ParameterType != type)
            .MaxBy(constructor => constructor.GetParameters().Length);
        return [.. primary?.GetParameters().Select(parameter => parameter.Name!) ?? []];
    }
}
