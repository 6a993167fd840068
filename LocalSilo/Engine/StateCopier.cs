using System.Reflection;

namespace Fairway.LocalSilo;

/// <summary>Copies a state deeply, field by field; what cannot change is shared.</summary>
internal static class StateCopier
{
    private static readonly Func<object, object> Shallow =
        typeof(object).GetMethod("MemberwiseClone", BindingFlags.Instance | BindingFlags.NonPublic)!.CreateDelegate<Func<object, object>>();

    public static object? Copy(object? value) => Copy(value, new Dictionary<object, object>(ReferenceEqualityComparer.Instance));

    public static bool CanCreate(Type type) => type.IsValueType || type.GetConstructor(Type.EmptyTypes) is not null;

    private static object? Copy(object? value, Dictionary<object, object> done)
    {
        if (value is null or Delegate or System.Collections.IEqualityComparer || IsComparer(value) || Immutability.IsSure(value.GetType()))
        {
            return value;
        }

        if (!value.GetType().IsValueType && done.TryGetValue(value, out var known))
        {
            return known;
        }

        var copy = Shallow(value);
        done.TryAdd(value, copy);
        if (copy is Array array)
        {
            CopyElements(array, done);
            return copy;
        }

        for (var type = value.GetType(); type is not null; type = type.BaseType)
        {
            foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                if (!field.FieldType.IsPrimitive)
                {
                    field.SetValue(copy, Copy(field.GetValue(value), done));
                }
            }
        }

        return copy;
    }

    private static void CopyElements(Array array, Dictionary<object, object> done)
    {
        if (array.GetType().GetElementType()!.IsPrimitive)
        {
            return;
        }

        var indices = new int[array.Rank];
        for (var flat = 0L; flat < array.LongLength; flat++)
        {
            var rest = flat;
            for (var dimension = array.Rank - 1; dimension >= 0; dimension--)
            {
                indices[dimension] = (int)(rest % array.GetLength(dimension));
                rest /= array.GetLength(dimension);
            }

            array.SetValue(Copy(array.GetValue(indices), done), indices);
        }
    }

    private static bool IsComparer(object value) =>
        value.GetType().GetInterfaces().Any(type => type.IsGenericType
            && (type.GetGenericTypeDefinition() == typeof(IEqualityComparer<>) || type.GetGenericTypeDefinition() == typeof(IComparer<>)));
}
