namespace Fairway.Core.Streams;

/// <summary>The life of one version of a conversation's answer.</summary>
public enum StreamState
{
    /// <summary>Admitted; no frame is stored.</summary>
    Queued,

    /// <summary>At least one frame is stored, and no terminal.</summary>
    Streaming,

    /// <summary>The model came to its end.</summary>
    Done,

    /// <summary>A coded error ended it.</summary>
    Failed,

    /// <summary>A newer version of the same conversation took its place.</summary>
    Superseded,

    /// <summary>Its user stopped it.</summary>
    Stopped,

    /// <summary>Nobody read it, or nobody acknowledged it, in time.</summary>
    Expired,
}

/// <summary>What a stored frame is: a piece of the answer, or one of the four ends.</summary>
public enum FrameKind : byte
{
    Delta,
    Stop,
    Error,
    Superseded,
    Expired,
}

/// <summary>One stored frame. Its offset is its index in the version, the terminal included.</summary>
/// <param name="Data">One non-empty JSON value in UTF-8; never changed once stored, so readers share it.</param>
public readonly record struct Frame(FrameKind Kind, ReadOnlyMemory<byte> Data)
{
    /// <summary>Whether nothing follows it.</summary>
    public bool IsTerminal => Kind != FrameKind.Delta;
}
