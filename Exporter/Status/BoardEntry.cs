using Fairway.Core.Directory;
using Fairway.Exporter.Probing;

namespace Fairway.Exporter.Status;

/// <summary>The instances that are named in one key.</summary>
internal sealed class BoardChunk
{
    public List<BoardEntry> Members { get; } = [];

    /// <summary>Something is to be written.</summary>
    public bool Changed { get; set; }

    /// <summary>A yielded member's time is up. Said with a batch that lacks it: of a deleted key the last statement stands.</summary>
    public bool Yielded { get; set; }

    /// <summary>The key may stand in the registry.</summary>
    public bool Put { get; set; }
}

/// <summary>One instance on a <see cref="ServiceBoard"/>.</summary>
internal sealed class BoardEntry(string id, int chunk)
{
    public string Id => id;

    public int Chunk => chunk;

    public Life Life { get; set; }

    public string? Why { get; set; }

    public SampleNow? Sample { get; set; }

    /// <summary>When it was yielded; null while it is probed here.</summary>
    public long? YieldedAt { get; set; }

    /// <summary>When the figures were last put whole.</summary>
    public long? ToldAt { get; set; }

    public News News { get; set; }
}
