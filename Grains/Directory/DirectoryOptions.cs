using Microsoft.Extensions.Options;

namespace Fairway.Grains.Directory;

/// <summary>Times of the directory's grains. Configuration section <c>Directory</c>.</summary>
public sealed class DirectoryOptions
{
    public const string Section = "Directory";

    /// <summary>How long a Gateway stays subscribed after it last renewed. Default 15 s.</summary>
    public TimeSpan ObserverLease { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How often leases and expiries are looked at. Default 250 ms.</summary>
    public TimeSpan RegistryTick { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How often a service whose list moves by itself (warm-up, decay, a held-back publication) is looked at. Default 250 ms.</summary>
    public TimeSpan ServiceTick { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The least time between two reports of a service grain on what it published by itself. Default 1 s.</summary>
    public TimeSpan ReportInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long nothing must have moved in a service before nobody looks any more, until something comes in. Default 1 min.</summary>
    public TimeSpan QuietAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long to wait after an unexpected end of the watch, or of a call to a service grain. Default 1 s.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(1);
}

internal sealed class DirectoryOptionsValidator : IValidateOptions<DirectoryOptions>
{
    public ValidateOptionsResult Validate(string? name, DirectoryOptions options)
    {
        (string Name, TimeSpan Value)[] times =
        [
            (nameof(options.ObserverLease), options.ObserverLease),
            (nameof(options.RegistryTick), options.RegistryTick),
            (nameof(options.ServiceTick), options.ServiceTick),
            (nameof(options.ReportInterval), options.ReportInterval),
            (nameof(options.QuietAfter), options.QuietAfter),
            (nameof(options.RetryDelay), options.RetryDelay),
        ];
        var failures = times.Where(time => time.Value <= TimeSpan.Zero || time.Value > TimeSpan.FromHours(1))
            .Select(time => $"{DirectoryOptions.Section}:{time.Name} is {time.Value}; it must be above zero and at most an hour.")
            .ToList();
        if (options.RegistryTick >= options.ObserverLease)
        {
            failures.Add($"{DirectoryOptions.Section}:{nameof(options.RegistryTick)} must be below {nameof(options.ObserverLease)}, or leases lapse late.");
        }

        return failures.Count > 0 ? ValidateOptionsResult.Fail(failures) : ValidateOptionsResult.Success;
    }
}
