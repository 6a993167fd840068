using System.Net;
using Fairway.Core.Directory;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Options;

/// <summary>Refuses settings that could only fail later. Codes as in the HTTP interface: <c>BAD_NAME</c>, <c>NAME_RESERVED</c>, <c>BAD_FIELD</c>.</summary>
internal sealed class FairwayOptionsValidator : IValidateOptions<FairwayOptions>
{
    private const int MaxPort = IPEndPoint.MaxPort;

    public ValidateOptionsResult Validate(string? name, FairwayOptions options)
    {
        var failures = Failures(options).ToList();
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static IEnumerable<string> Failures(FairwayOptions options)
    {
        if (options.Service.Length == 0)
        {
            yield return "BAD_NAME: Fairway:Service is not set; name the service, for example \"orders\".";
            yield break;
        }

        if (NameFailure(nameof(options.Service), options.Service, mayBeReserved: false) is { } service)
        {
            yield return service;
            yield break; // the default id is made of it
        }

        if (NameFailure(nameof(options.Id), options.Id, mayBeReserved: true) is { } id)
        {
            yield return id;
        }

        if (options.Lane.Length > 0 && NameFailure(nameof(options.Lane), options.Lane, mayBeReserved: false) is { } lane)
        {
            yield return lane;
        }

        if (options.Address != null && !IPAddress.TryParse(options.Address, out _))
        {
            yield return $"BAD_FIELD: Fairway:Address is '{options.Address}', which is no IP address to listen on.";
        }

        foreach (var (field, text) in new[]
        {
            (nameof(options.AdvertiseAddress), options.AdvertiseAddress),
            (nameof(options.AdvertiseProbeAddress), options.AdvertiseProbeAddress),
        })
        {
            if (text != null && !HostAndPort.TryParse(text, out _))
            {
                yield return $"BAD_FIELD: Fairway:{field} is '{text}', which is neither 'host' nor 'host:port'.";
            }
        }

        if (options.Probe is not (Probes.Orca or Probes.GrpcHealth or Probes.Http or Probes.None))
        {
            yield return $"BAD_FIELD: Fairway:Probe is '{options.Probe}'; it is orca, grpc-health, http or none.";
        }

        if (options.Protocol is not ("http" or "https" or "grpc" or "grpcs"))
        {
            yield return $"BAD_FIELD: Fairway:Protocol is '{options.Protocol}'; it is http, https, grpc or grpcs.";
        }

        foreach (var endpoint in options.RegistryEndpoints)
        {
            if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            {
                yield return $"BAD_FIELD: Fairway:RegistryEndpoints has '{endpoint}', which is no http(s)://host:port.";
            }
        }

        foreach (var (field, value, from, to) in new (string, double, double, double)[]
        {
            (nameof(options.Port), options.Port ?? 0, 0, MaxPort),
            (nameof(options.ProbePort), options.ProbePort, 0, MaxPort),
            (nameof(options.Weight), options.Weight, 0, 10_000),
            (nameof(options.LeaseSeconds), options.LeaseSeconds, 2, 3600),
            (nameof(options.DrainSeconds), options.DrainSeconds, 0, 600),
            (nameof(options.DrainRequestsSeconds), options.DrainRequestsSeconds, 0, 3600),
            (nameof(options.LocalLaneSeconds), options.LocalLaneSeconds, 10, 7 * 86_400),
            (nameof(options.MinReportIntervalMs), options.MinReportIntervalMs, 10, 60_000),
        })
        {
            if (!(value >= from && value <= to))
            {
                yield return $"BAD_FIELD: Fairway:{field} is {value}; it is {from} to {to}.";
            }
        }
    }

    private static string? NameFailure(string field, string name, bool mayBeReserved) =>
        !Names.IsValid(name) ? $"BAD_NAME: Fairway:{field} is '{name}'; a name is 1-{Names.MaxLength} of A-Z a-z 0-9 . _ - and not '.' or '..'."
        : !mayBeReserved && Names.IsReserved(name) ? $"NAME_RESERVED: Fairway:{field} is '{name}', a path of the Gateway or the edge."
        : null;
}
