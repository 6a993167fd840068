using System.Reflection;
using Fairway.Core.Directory;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Options;

/// <summary>Binds the section before the service's own settings, and fills in what is unset after them.</summary>
internal sealed class FairwayOptionsSetup(IConfiguration configuration)
    : IConfigureOptions<FairwayOptions>, IPostConfigureOptions<FairwayOptions>
{
    public const string EndpointsVariable = "FAIRWAY_ETCD";
    public const string LaneVariable = "COLORING_ENV";

    private const string RegistryEndpoints = "Registry:Etcd:Endpoints";

    public void Configure(FairwayOptions options)
    {
        configuration.GetSection(FairwayOptions.Section).Bind(options);
        if (configuration[EndpointsVariable] is { Length: > 0 } variable)
        {
            options.RegistryEndpoints = Split(variable);
        }
        else if (options.RegistryEndpoints.Length == 0)
        {
            options.RegistryEndpoints = configuration[RegistryEndpoints] is { Length: > 0 } list
                ? Split(list)
                : configuration.GetSection(RegistryEndpoints).Get<string[]>() ?? [];
        }
    }

    public void PostConfigure(string? name, FairwayOptions options)
    {
        if (configuration[LaneVariable] is { } lane)
        {
            // Of the whole process: its methods too. Empty is base, whatever the configuration says.
            options.Lane = lane;
            options.Methods = [.. options.Methods.Select(method => method with { Lane = lane })];
        }

        options.Version ??= Assembly.GetEntryAssembly()?.GetName().Version?.ToString(3) ?? "";
        if (options.Id.Length == 0)
        {
            options.Id = MakeId(options.Service);
        }

        if (options.Owner.Length == 0)
        {
            options.Owner = $"{Environment.UserName}@{Environment.MachineName}";
        }
    }

    private static string[] Split(string list) =>
        list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Containers share pids and clones share host names, hence the random part.</summary>
    private static string MakeId(string service)
    {
        var tail = $"-{Environment.ProcessId}-{Random.Shared.Next(0x10000):x4}";
        var head = $"{service}-{string.Concat(Environment.MachineName.Where(c => Names.IsValid($"{c}x")))}";
        return string.Concat(head.AsSpan(0, Math.Min(head.Length, Names.MaxLength - tail.Length)), tail);
    }
}
