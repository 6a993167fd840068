using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Streams;

/// <summary>Section <c>Streams</c>: how this Gateway takes prompts and serves answers.</summary>
public sealed class ServingOptions
{
    public const string Section = "Streams";

    /// <summary>Bytes a posted request may have. Default 1 MiB.</summary>
    public int MaxBodyBytes { get; set; } = 1 << 20;

    /// <summary>
    /// What a slow reader may cost: it is cut when its write is blocked and the live answer is further ahead of it than this many bytes;
    /// buffers for it in the server and in the kernel stay below. Default 256 KiB.
    /// </summary>
    public int ReaderMaxBytesBehind { get; set; } = 256 * 1024;

    /// <summary>A reader is cut when one write to it takes longer than this. Default 30 s.</summary>
    public double WriteTimeoutSeconds { get; set; } = 30;

    /// <summary>
    /// A reader whose machine acknowledges nothing of what is sent to it for this long is let go: it lost its power or its network.
    /// Heartbeats find it out. Linux only. Default 30 s.
    /// </summary>
    public double DeadReaderSeconds { get; set; } = 30;

    /// <summary>Longest silence before a comment is sent. Default 10 s.</summary>
    public double HeartbeatSeconds { get; set; } = 10;

    /// <summary>On a graceful stop, readers are closed spread over this long. Default 2 s.</summary>
    public double ReaderDrainSeconds { get; set; } = 2;

    internal TimeSpan WriteTimeout => TimeSpan.FromSeconds(WriteTimeoutSeconds);

    internal TimeSpan DeadReader => TimeSpan.FromSeconds(DeadReaderSeconds);

    internal TimeSpan Heartbeat => TimeSpan.FromSeconds(HeartbeatSeconds);

    /// <summary>How often readers are looked at for silence. Together with the two below it stays below the longest silence.</summary>
    internal TimeSpan BeatEvery => Heartbeat / 10;

    /// <summary>The silence that is broken.</summary>
    internal TimeSpan BeatAfter => Heartbeat * 0.8;

    /// <summary>How long comments that are due at once are spread over.</summary>
    internal TimeSpan BeatSpread => Heartbeat / 20;

    internal TimeSpan Drain => TimeSpan.FromSeconds(ReaderDrainSeconds);
}

internal sealed class ServingOptionsValidator : IValidateOptions<ServingOptions>
{
    public ValidateOptionsResult Validate(string? name, ServingOptions options)
    {
        List<string> failures = [];
        Check(nameof(options.MaxBodyBytes), options.MaxBodyBytes, 1, 64 << 20);
        Check(nameof(options.ReaderMaxBytesBehind), options.ReaderMaxBytesBehind, 1, 64 << 20);
        Check(nameof(options.WriteTimeoutSeconds), options.WriteTimeoutSeconds, 0.1, 3600);
        Check(nameof(options.DeadReaderSeconds), options.DeadReaderSeconds, 1, 3600);
        Check(nameof(options.HeartbeatSeconds), options.HeartbeatSeconds, 0.1, 10);
        Check(nameof(options.ReaderDrainSeconds), options.ReaderDrainSeconds, 0, 20);
        return failures.Count > 0 ? ValidateOptionsResult.Fail(failures) : ValidateOptionsResult.Success;

        void Check(string field, double value, double min, double max)
        {
            if (!(value >= min && value <= max))
            {
                failures.Add($"{ServingOptions.Section}:{field} is {value}; it must be from {min} to {max}.");
            }
        }
    }
}
