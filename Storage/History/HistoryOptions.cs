using Microsoft.Extensions.Options;

namespace Fairway.Storage.History;

/// <summary>Section <c>History</c>: how long answers are kept.</summary>
public sealed class HistoryOptions
{
    public const string Section = "History";

    /// <summary>Days after its end for which an answer is shown; its bytes are erased within another day. 0 keeps it for ever. Default 0.</summary>
    public double RetentionDays { get; set; }

    /// <summary>Null: for ever.</summary>
    internal TimeSpan? Retention => RetentionDays > 0 ? TimeSpan.FromDays(RetentionDays) : null;
}

internal sealed class HistoryOptionsValidator : IValidateOptions<HistoryOptions>
{
    private const double Longest = 36_500;

    public ValidateOptionsResult Validate(string? name, HistoryOptions options) => options.RetentionDays is >= 0 and <= Longest
        ? ValidateOptionsResult.Success
        : ValidateOptionsResult.Fail(
            $"{HistoryOptions.Section}:{nameof(options.RetentionDays)} is {options.RetentionDays}; it must be from 0, for ever, to {Longest}.");
}
