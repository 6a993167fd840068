using Fairway.Core.Lanes;

namespace Fairway.Sdk.Lanes;

/// <summary>
/// The label of what runs now. It flows with async calls, <c>Task.Run</c>, continuations and timers of this process by an
/// AsyncLocal of its own, so it works without tracing. Where the runtime does not flow it, see <see cref="Capture"/>.
/// </summary>
public static class LaneContext
{
    private static readonly AsyncLocal<Label?> Flowing = new();

    /// <summary>Never null; <see cref="Label.None"/> for none.</summary>
    public static Label Current => Flowing.Value ?? Label.None;

    /// <summary>Until disposed, this label is current. Use it in a <c>using</c> of the same method.</summary>
    public static Scope Use(Label label)
    {
        ArgumentNullException.ThrowIfNull(label);
        var outer = Flowing.Value;
        Set(label);
        return new Scope(outer);
    }

    /// <summary>
    /// Takes the current label along to where it does not flow by itself: threads, <c>UnsafeQueueUserWorkItem</c>, channels,
    /// pools of workers, grain timers and observers.
    /// </summary>
    public static CapturedLabel Capture() => new(Current);

    internal static void Set(Label label) => Flowing.Value = label.IsEmpty ? null : label;

    /// <summary>Restores, when disposed, the label that was before it.</summary>
    public readonly struct Scope : IDisposable, IEquatable<Scope>
    {
        private readonly Label? _outer;

        internal Scope(Label? outer) => _outer = outer;

        public void Dispose() => Flowing.Value = _outer;

        public bool Equals(Scope other) => ReferenceEquals(_outer, other._outer);

        public override bool Equals(object? obj) => obj is Scope other && Equals(other);

        public override int GetHashCode() => _outer?.GetHashCode() ?? 0;

        public static bool operator ==(Scope left, Scope right) => left.Equals(right);

        public static bool operator !=(Scope left, Scope right) => !left.Equals(right);
    }
}
