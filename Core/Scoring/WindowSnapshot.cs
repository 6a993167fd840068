namespace Fairway.Core.Scoring;

/// <summary>What a <see cref="SlidingWindow"/> holds as of one instant.</summary>
/// <param name="Means">The mean of each figure, newer buckets counting more; NaN where no sample had it.</param>
/// <param name="Samples">How many samples are in the window.</param>
/// <param name="NewestAge">Age of the newest sample ever added, in the window or not; null when there was none.</param>
public readonly record struct WindowSnapshot(LoadSample Means, int Samples, TimeSpan? NewestAge);
