namespace Fairway.Silo.Jobs;

/// <summary>
/// Jobs over the cluster's streams, on the orleans engine. Configuration section <c>Jobs:OrleansStreams</c>, the same for all silos and
/// Gateways of a cluster.
/// </summary>
public sealed class JobStreamOptions
{
    public const string Section = "Jobs:OrleansStreams";

    /// <summary>The provider that is made where no other one has this name: streams in the memory of the silos.</summary>
    public const string Memory = "memory";

    /// <summary>
    /// The stream provider that tells workers of jobs: <c>memory</c>, or the name of one under <c>Orleans:Streaming</c>. Default none,
    /// which keeps jobs where the process that was asked runs them.
    /// </summary>
    public string? Provider { get; set; }

    /// <summary>The number of streams that users are spread over, 1 to 256. Default 16.</summary>
    public int Partitions { get; set; } = 16;

    /// <summary>Seconds after its last sign of life when a process counts as dead and its jobs are another one's, 2 to 300. Default 8.</summary>
    public double LeaseSeconds { get; set; } = 8;

    /// <summary>Seconds a job may wait until processes with room take it without having been told of it, 0.1 to 300. Default 5.</summary>
    public double WaitSeconds { get; set; } = 5;

    /// <summary>Whether the configuration names a provider.</summary>
    public static bool IsConfigured(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return configuration[$"{Section}:{nameof(Provider)}"] is { Length: > 0 };
    }

    /// <exception cref="ArgumentException">A value that cannot work, and which.</exception>
    internal JobStreamOptions Validated()
    {
        Check(Partitions is >= 1 and <= 256, nameof(Partitions), Partitions, "1 to 256");
        Check(LeaseSeconds is >= 2 and <= 300, nameof(LeaseSeconds), LeaseSeconds, "2 to 300");
        Check(WaitSeconds is >= 0.1 and <= 300, nameof(WaitSeconds), WaitSeconds, "0.1 to 300");
        return this;

        static void Check(bool holds, string field, double value, string rule)
        {
            if (!holds)
            {
                throw new ArgumentException($"{Section}:{field} is {value}; it must be {rule}.");
            }
        }
    }
}
