using System.Net;
using Microsoft.Extensions.Options;

namespace Fairway.Silo.Hosting;

/// <summary>The program that runs a silo. Configuration section <c>Silo</c>.</summary>
public sealed class SiloHostOptions
{
    public const string Section = "Silo";

    /// <summary>The TCP port of health, metrics and dashboard; 0 takes a free one. Default 0.</summary>
    public int Port { get; set; }

    /// <summary>The address it listens on. Default 127.0.0.1.</summary>
    public string Listen { get; set; } = "127.0.0.1";

    /// <summary>
    /// The folder of this silo's own history, where no database is named: it lasts as the folder does, and no other silo sees it. Without
    /// either, history lasts as long as the process. Default none.
    /// </summary>
    public string? Data { get; set; }

    /// <summary>Seconds between not being ready any more and leaving the cluster, for those who look at <c>/readyz</c>. Default 1.</summary>
    public double LeaveSeconds { get; set; } = 1;
}

internal sealed class SiloHostOptionsValidator : IValidateOptions<SiloHostOptions>
{
    public ValidateOptionsResult Validate(string? name, SiloHostOptions options)
    {
        List<string> failures = [];
        if (options.Port is < 0 or > 65535)
        {
            failures.Add($"{SiloHostOptions.Section}:{nameof(options.Port)} is {options.Port}; a port is 0 (any free one) to 65535.");
        }

        if (!IPAddress.TryParse(options.Listen, out _))
        {
            failures.Add($"{SiloHostOptions.Section}:{nameof(options.Listen)} '{options.Listen}' is no IP address.");
        }

        if (options.LeaveSeconds is not (>= 0 and <= 60))
        {
            failures.Add($"{SiloHostOptions.Section}:{nameof(options.LeaveSeconds)} is {options.LeaveSeconds}; it must be 0 to 60.");
        }

        return failures.Count > 0 ? ValidateOptionsResult.Fail(failures) : ValidateOptionsResult.Success;
    }
}
