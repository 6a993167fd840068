using Fairway.Core.Streams;
using Microsoft.Extensions.Options;

namespace Fairway.Grains.Streams;

/// <summary>When an answer enters history.</summary>
public enum HistoryMoment
{
    /// <summary>When its user acknowledged it.</summary>
    Ack,

    /// <summary>When it ended, acknowledged or not.</summary>
    Finish,
}

/// <summary>Times and bounds of streamed answers. Configuration section <c>Streams</c>.</summary>
public sealed class StreamOptions
{
    public const string Section = "Streams";

    /// <summary>Seconds after its request in which a frame of the answer must have been written to a reader. Default 60.</summary>
    public double UnreadSeconds { get; set; } = 60;

    /// <summary>Seconds after its end in which an answer must be acknowledged. Default 300.</summary>
    public double UnackedSeconds { get; set; } = 300;

    /// <summary>Seconds a superseded version still tells late readers so. Default 300.</summary>
    public double TerminalSeconds { get; set; } = 300;

    /// <summary>Seconds a response of <c>/v1/responses</c> can be asked for by its id after its end; a day at most. Default 600.</summary>
    public double ResponseSeconds { get; set; } = 600;

    /// <summary>Seconds a user's grain stays after it held something last. Default 120.</summary>
    public double IdleSeconds { get; set; } = 120;

    /// <summary>Seconds a Gateway is pushed to after it last read a version. Default 15.</summary>
    public double ObserverSeconds { get; set; } = 15;

    /// <summary>When an answer enters history: <c>ack</c> or <c>finish</c>. Default <c>ack</c>.</summary>
    public HistoryMoment HistoryOn { get; set; } = HistoryMoment.Ack;

    /// <summary>Stored bytes of one version; one more ends it in <c>STREAM_TOO_LARGE</c>. Default 1 MiB.</summary>
    public int MaxBytes { get; set; } = 1 << 20;

    /// <summary>Stored bytes of all versions in a process; beyond, new requests are refused with <c>BUFFERS_FULL</c>. Default 256 MiB.</summary>
    public long MaxTotalBytes { get; set; } = 256L << 20;

    /// <summary>Conversations a user may hold at once. Default 16.</summary>
    public int MaxConversations { get; set; } = 16;

    internal StreamLimits Limits => new()
    {
        Unread = TimeSpan.FromSeconds(UnreadSeconds),
        Unacknowledged = TimeSpan.FromSeconds(UnackedSeconds),
        TerminalMemory = TimeSpan.FromSeconds(TerminalSeconds),
        Kept = TimeSpan.FromSeconds(ResponseSeconds),
        MaxBytes = MaxBytes,
        MaxConversations = MaxConversations,
    };
}

internal sealed class StreamOptionsValidator : IValidateOptions<StreamOptions>
{
    private const double LongestSeconds = 24 * 3600;

    public ValidateOptionsResult Validate(string? name, StreamOptions options)
    {
        (string Name, double Seconds)[] times =
        [
            (nameof(options.UnreadSeconds), options.UnreadSeconds),
            (nameof(options.UnackedSeconds), options.UnackedSeconds),
            (nameof(options.TerminalSeconds), options.TerminalSeconds),
            (nameof(options.ResponseSeconds), options.ResponseSeconds),
            (nameof(options.IdleSeconds), options.IdleSeconds),
            (nameof(options.ObserverSeconds), options.ObserverSeconds),
        ];
        var failures = times.Where(time => time.Seconds is not (> 0 and <= LongestSeconds))
            .Select(time => $"{StreamOptions.Section}:{time.Name} is {time.Seconds}; it must be above zero and at most a day.")
            .ToList();
        Check(options.MaxBytes is >= 1024 and <= 64 << 20, nameof(options.MaxBytes), options.MaxBytes, "1024 to 64 Mi");
        Check(options.MaxTotalBytes >= options.MaxBytes, nameof(options.MaxTotalBytes), options.MaxTotalBytes, $"at least {nameof(options.MaxBytes)}");
        Check(options.MaxConversations is >= 1 and <= 1024, nameof(options.MaxConversations), options.MaxConversations, "1 to 1024");
        if (!Enum.IsDefined(options.HistoryOn))
        {
            failures.Add($"{StreamOptions.Section}:{nameof(options.HistoryOn)} is {options.HistoryOn}; it is 'ack' or 'finish'.");
        }

        return failures.Count > 0 ? ValidateOptionsResult.Fail(failures) : ValidateOptionsResult.Success;

        void Check(bool holds, string field, long value, string rule)
        {
            if (!holds)
            {
                failures.Add($"{StreamOptions.Section}:{field} is {value}; it must be {rule}.");
            }
        }
    }
}
