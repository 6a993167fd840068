namespace Fairway.Grains.Streams;

/// <summary>Whether grains are on their way from silo to silo: a grain that begins now may have been another silo's a moment ago.</summary>
public interface IClusterMotion
{
    /// <summary>Silos came or went lately.</summary>
    bool IsMoving { get; }
}

/// <summary>One process is all there is.</summary>
internal sealed class NoMotion : IClusterMotion
{
    public bool IsMoving => false;
}
