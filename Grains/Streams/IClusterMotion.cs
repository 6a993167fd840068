namespace Fairway.Grains.Streams;

/// <summary>Whether grains are on their way from silo to silo: a grain that begins now may have been another silo's a moment ago.</summary>
public interface IClusterMotion
{
    /// <summary>Silos came or went lately, or this process is not told.</summary>
    bool IsMoving { get; }

    /// <summary>There are, or may be, other silos.</summary>
    bool MayMove { get; }
}

/// <summary>One process is all there is.</summary>
internal sealed class NoMotion : IClusterMotion
{
    public bool IsMoving => false;

    public bool MayMove => false;
}
