using Orleans;
using Orleans.Runtime;

namespace Fairway.LocalSilo;

/// <summary>What is passed as a grain or observer must be a reference to it.</summary>
internal static class References
{
    /// <exception cref="ArgumentException">An object that no reference was made for.</exception>
    public static T Require<T>(T value) => value switch
    {
        null or GrainReference => value,
        IGrainBase grain => (T)((IAddressable)grain).AsReference(typeof(T)),
        _ => throw new ArgumentException($"{value.GetType()} is passed as {typeof(T)} itself, not as the reference that CreateObjectReference makes."),
    };
}
