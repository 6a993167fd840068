namespace Fairway.Grains.Streams;

/// <summary>Whether grains are on their way from silo to silo: a grain that begins now may have been another silo's a moment ago.</summary>
public interface IClusterMotion
{
    /// <summary>Silos came or went lately, or this process is not told.</summary>
    bool IsMoving { get; }

    /// <summary>There are, or may be, other silos.</summary>
    bool MayMove { get; }

    /// <summary>
    /// How long subscriptions to streams last, and are left unrenewed, in terms of what the options say. Where no grain moves and who reads
    /// is gone with whom it reads from, a renewal finds nothing; each of thousands of idle readers would ask for it all the same.
    /// </summary>
    int LeaseFactor => MayMove ? 1 : 6;
}

/// <summary>One process is all there is.</summary>
internal sealed class NoMotion : IClusterMotion
{
    public bool IsMoving => false;

    public bool MayMove => false;
}
