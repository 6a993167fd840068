using System.Collections.Immutable;

namespace Fairway.Core.Releases;

/// <summary>What a release wants done. Every effect may be asked for again after a crash, and then changes nothing.</summary>
public abstract record ReleaseEffect
{
    private ReleaseEffect()
    {
    }

    /// <summary>The lane stands in the environment list and declares the service.</summary>
    public sealed record OpenLane : ReleaseEffect;

    /// <summary>So many users of 10,000 are sent to the lane; 0 removes the rule.</summary>
    public sealed record Send(int Ratio) : ReleaseEffect;

    /// <summary>These addresses get no new requests.</summary>
    public sealed record TakeOut(ImmutableArray<ReleaseTarget> Targets) : ReleaseEffect;

    /// <summary>These addresses may get requests again.</summary>
    public sealed record BringBack(ImmutableArray<ReleaseTarget> Targets) : ReleaseEffect;

    /// <summary>The executor sees to it that the new version has so many instances.</summary>
    public sealed record ScaleLane(int Count) : ReleaseEffect;

    /// <summary>The executor sees to it that the old version has so many instances.</summary>
    /// <param name="Stop">Which ones go.</param>
    public sealed record ScaleBase(int Count, ImmutableArray<ReleaseTarget> Stop) : ReleaseEffect;

    /// <summary>The lane declares the service no more, and its instances become base.</summary>
    public sealed record Promote : ReleaseEffect;

    /// <summary>The lane goes with what it declares.</summary>
    public sealed record CloseLane : ReleaseEffect;
}
