using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Releases;

/// <summary>Section <c>Releases</c>: how instances are started and stopped.</summary>
public sealed class ReleaseOptions
{
    public const string Section = "Releases";

    /// <summary>
    /// A program and its arguments, separated by spaces, with the placeholders <c>{service} {version} {lane} {count} {stop}</c>: it sees to
    /// it that the version has so many instances, and that those in <c>{stop}</c> (ids with commas) are not among them. <c>{lane}</c> is
    /// empty for base. It may be called again for what is so already. Default (null): none.
    /// </summary>
    public string? Command { get; set; }

    /// <summary>How long the command may take, in seconds. Default 120.</summary>
    public double CommandSeconds { get; set; } = 120;

    public KubernetesOptions Kubernetes { get; set; } = new();
}

/// <summary>Section <c>Releases:Kubernetes</c>: Deployments are scaled; used where <see cref="ApiServer"/> is set and no command is.</summary>
public sealed class KubernetesOptions
{
    /// <summary>Such as <c>https://kubernetes.default.svc</c>. Default (null): not used.</summary>
    public string? ApiServer { get; set; }

    /// <summary>A file with the service account's token. Default: where a pod has it.</summary>
    public string TokenFile { get; set; } = "/var/run/secrets/kubernetes.io/serviceaccount/token";

    /// <summary>A file with the cluster's certificate authority. Default: where a pod has it.</summary>
    public string CaFile { get; set; } = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";

    public string Namespace { get; set; } = "default";

    /// <summary>The Deployment of the old version; <c>{service}</c> is replaced. The new one's is this with <c>-{lane}</c> behind it.</summary>
    public string Deployment { get; set; } = "{service}";

    /// <summary>The image of the new version; <c>{service}</c> and <c>{version}</c> are replaced. Default: that of the old one with the version as its tag.</summary>
    public string? Image { get; set; }
}

internal sealed class ReleaseOptionsValidator : IValidateOptions<ReleaseOptions>
{
    public ValidateOptionsResult Validate(string? name, ReleaseOptions options)
    {
        List<string> failures = [];
        if (options.Command is { } command && string.IsNullOrWhiteSpace(command))
        {
            failures.Add($"{ReleaseOptions.Section}:Command is empty; leave it out, or name a program.");
        }

        if (options.CommandSeconds is not (> 0 and <= 3600))
        {
            failures.Add($"{ReleaseOptions.Section}:CommandSeconds must be over 0, up to 3600.");
        }

        if (options.Kubernetes.ApiServer is { } server && !Uri.TryCreate(server, UriKind.Absolute, out _))
        {
            failures.Add($"{ReleaseOptions.Section}:Kubernetes:ApiServer '{server}' is no address like https://kubernetes.default.svc.");
        }

        return failures.Count > 0 ? ValidateOptionsResult.Fail(failures) : ValidateOptionsResult.Success;
    }
}
