using Fairway.Core.Directory;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Configuration;

/// <summary>The configuration centre: section <c>Fairway:Config</c>, checked at start.</summary>
public sealed class ConfigOptions
{
    public const string Section = "Fairway:Config";

    /// <summary><c>etcd</c> (default), <c>file</c>, <c>apollo</c>, or the name of a provider of the service's own. A change takes effect while running.</summary>
    public string Provider { get; set; } = EtcdConfigProvider.ProviderName;

    /// <summary>The namespaces to read; a key of a later one wins in <c>IConfiguration</c>. Default: <c>application</c>.</summary>
    public string[] Namespaces { get; set; } = [];

    /// <summary>Where the last good values are kept, a file a namespace. Default (null): nowhere.</summary>
    public string? CacheFolder { get; set; }

    /// <summary>How long the start waits for the first values, in seconds, 0-60; then it goes on with the last good ones or none. Default 3.</summary>
    public double StartWaitSeconds { get; set; } = 3;

    /// <summary>The longest wait between two tries to reach a source, in seconds. Default 5.</summary>
    public double MaxBackoffSeconds { get; set; } = 5;

    /// <summary>The folder of the file provider, one <c>{namespace}.json</c> each.</summary>
    public string? Folder { get; set; }

    public ApolloOptions Apollo { get; set; } = new();
}

/// <summary>How to reach Apollo's config service: section <c>Fairway:Config:Apollo</c>.</summary>
public sealed class ApolloOptions
{
    /// <summary>Base addresses of the config service (<c>http://host:8080</c>), tried in turn.</summary>
    public string[] Servers { get; set; } = [];

    public string AppId { get; set; } = "";

    /// <summary>Default <c>default</c>.</summary>
    public string Cluster { get; set; } = "default";

    /// <summary>The app's access key, where Apollo asks for one.</summary>
    public string? Secret { get; set; }

    /// <summary>This machine's address, for Apollo's grey releases. Default: not sent.</summary>
    public string? Ip { get; set; }

    /// <summary>For one read, in seconds. Default 5.</summary>
    public double ReadSeconds { get; set; } = 5;

    /// <summary>For one long-poll, in seconds; the server holds it for 60. Default 90.</summary>
    public double PollSeconds { get; set; } = 90;
}

internal sealed class ConfigOptionsValidator : IValidateOptions<ConfigOptions>
{
    public ValidateOptionsResult Validate(string? name, ConfigOptions options)
    {
        var errors = Errors(options).Select(error => $"BAD_FIELD: {ConfigOptions.Section}:{error}").ToList();
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static IEnumerable<string> Errors(ConfigOptions options)
    {
        if (string.IsNullOrEmpty(options.Provider))
        {
            yield return "Provider is empty. Take etcd, file or apollo.";
        }

        foreach (var space in options.Namespaces.Where(space => !Names.IsValid(space)))
        {
            yield return $"Namespaces has '{space}'; a name is 1-{Names.MaxLength} of A-Za-z0-9._-.";
        }

        if (options.StartWaitSeconds is not (>= 0 and <= 60))
        {
            yield return "StartWaitSeconds must be from 0 to 60.";
        }

        if (options.MaxBackoffSeconds is not (> 0 and <= 300))
        {
            yield return "MaxBackoffSeconds must be over 0, up to 300.";
        }

        if (options.Provider == FileConfigProvider.ProviderName && string.IsNullOrEmpty(options.Folder))
        {
            yield return "Folder is empty; the file provider reads {Folder}/{namespace}.json.";
        }

        if (options.Provider != Apollo.ApolloConfigProvider.ProviderName)
        {
            yield break;
        }

        var apollo = options.Apollo;
        if (apollo.AppId.Length == 0)
        {
            yield return "Apollo:AppId is empty.";
        }

        if (apollo.Servers.Length == 0 || apollo.Servers.Any(server => !IsHttp(server)))
        {
            yield return "Apollo:Servers must name one or more addresses like http://host:8080.";
        }

        if (apollo.ReadSeconds <= 0 || apollo.PollSeconds <= 0)
        {
            yield return "Apollo:ReadSeconds and Apollo:PollSeconds must be over 0.";
        }
    }

    private static bool IsHttp(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps);
}
