using Fairway.Core.Directory;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Directory;

/// <summary>Section <c>Gateway</c>: this process among its like.</summary>
public sealed class GatewayOptions
{
    public const string Section = "Gateway";

    /// <summary>Its name under <c>gateways/</c>. Default: the machine's name and some random digits.</summary>
    public string Id { get; set; } = DefaultId();

    /// <summary>The TCP port of the HTTP API; 0 takes a free one. Default 8080, unless <c>urls</c> is set.</summary>
    public int Port { get; set; } = 8080;

    /// <summary><c>host:port</c> under which others reach this Gateway. Default: the address it listens on.</summary>
    public string? AdvertiseAddress { get; set; }

    /// <summary>How often its subscription at the directory is renewed; it lapses after three. Default 5 s.</summary>
    public TimeSpan RenewEvery { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a write waits until this Gateway shows it. Default 2 s.</summary>
    public TimeSpan CatchUpLimit { get; set; } = TimeSpan.FromSeconds(2);

    private static string DefaultId()
    {
        var machine = new string([.. Environment.MachineName.Where(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '.').Take(96)]);
        return $"{(Names.IsValid(machine) ? machine : "gateway")}-{Random.Shared.Next():x8}";
    }
}

internal sealed class GatewayOptionsValidator : IValidateOptions<GatewayOptions>
{
    public ValidateOptionsResult Validate(string? name, GatewayOptions options)
    {
        List<string> failures = [];
        if (!Names.IsValid(options.Id))
        {
            failures.Add($"{GatewayOptions.Section}:Id '{options.Id}' is no name: 1-128 of A-Za-z0-9._-.");
        }

        if (options.Port is < 0 or > 65535)
        {
            failures.Add($"{GatewayOptions.Section}:Port is {options.Port}; a port is 0 (any free one) to 65535.");
        }

        Check(nameof(options.RenewEvery), options.RenewEvery);
        Check(nameof(options.CatchUpLimit), options.CatchUpLimit);
        return failures.Count > 0 ? ValidateOptionsResult.Fail(failures) : ValidateOptionsResult.Success;

        void Check(string field, TimeSpan value)
        {
            if (value <= TimeSpan.Zero || value > TimeSpan.FromMinutes(1))
            {
                failures.Add($"{GatewayOptions.Section}:{field} is {value}; it must be above zero and at most a minute.");
            }
        }
    }
}
