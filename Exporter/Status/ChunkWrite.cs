using Fairway.Core.Directory;

namespace Fairway.Exporter.Status;

/// <summary>One write of a chunk of a service's status.</summary>
/// <param name="Batch">Null: nobody is in the chunk any more, its key goes.</param>
/// <param name="Taken">To be given back with <see cref="ServiceBoard.GiveBack"/> if the write fails.</param>
public sealed record ChunkWrite(int Chunk, StatusBatch? Batch, IReadOnlyList<TakenNews> Taken);

/// <summary>News of an instance that a <see cref="ChunkWrite"/> carries.</summary>
public readonly record struct TakenNews(string Id, News News);

/// <summary>What of an instance was not put yet.</summary>
[Flags]
public enum News
{
    None = 0,
    Life = 1,
    SampledAgain = 2,
    Sample = 4,
}
