using Fairway.LocalSilo;

namespace Orleans.Runtime;

/// <summary>
/// A reference to a grain or observer. Two are equal when they point to the same one, whatever their interface.
/// The types that implement the interfaces derive from this, and are made when the silo first meets an interface.
/// </summary>
public class GrainReference : IAddressable, IEquatable<GrainReference>
{
    internal GrainReference(Silo silo, InterfaceDescriptor contract, GrainId id)
    {
        Silo = silo;
        Contract = contract;
        GrainId = id;
    }

    public GrainId GrainId { get; }

    public virtual string InterfaceName => Contract.Name;

    internal Silo Silo { get; }

    internal InterfaceDescriptor Contract { get; }

    /// <summary>Where the last call went; asked again once that is gone.</summary>
    internal CallTarget? LastTarget { get; set; }

    public virtual TGrainInterface Cast<TGrainInterface>()
        where TGrainInterface : IAddressable => (TGrainInterface)As(typeof(TGrainInterface));

    public bool Equals(GrainReference? other) => other is not null && GrainId.Equals(other.GrainId);

    public override bool Equals(object? obj) => Equals(obj as GrainReference);

    public override int GetHashCode() => GrainId.GetHashCode();

    public sealed override string ToString() => $"GrainReference:{GrainId}:{Contract.Name}";

    public static bool operator ==(GrainReference? reference1, GrainReference? reference2) =>
        reference1 is null ? reference2 is null : reference1.Equals(reference2);

    public static bool operator !=(GrainReference? reference1, GrainReference? reference2) => !(reference1 == reference2);

    internal object As(Type contract) =>
        contract.IsInstanceOfType(this) ? this : InterfaceDescriptor.Of(contract).NewReference(Silo, GrainId);
}
