using Fairway.Core.Directory;

namespace Fairway.Exporter.Probing;

/// <summary>Where and how an instance is probed. Two records with equal targets share one prober.</summary>
/// <param name="Probe">One of <see cref="Probes"/>, never <see cref="Probes.None"/>.</param>
/// <param name="Address">Scheme, host and port; with <see cref="Probes.Http"/> the path too.</param>
public sealed record ProbeTarget(string Probe, Uri Address)
{
    private const string DefaultPath = "/healthz";

    /// <summary>Metadata key: the path of an HTTP probe.</summary>
    public const string PathKey = "probePath";

    /// <summary>
    /// Reads the target out of a record; null with a reason when it is not to be probed or cannot be. TLS is spoken where
    /// the probe goes to the instance's own address and its protocol has it; a probe address of its own is cleartext.
    /// </summary>
    public static ProbeTarget? Of(InstanceRecord record, out string reason)
    {
        reason = "";
        if (record.Probe is not (Probes.Orca or Probes.GrpcHealth or Probes.Http))
        {
            reason = record.Probe == Probes.None ? "" : $"the probe '{record.Probe}' is unknown";
            return null;
        }

        var own = string.IsNullOrEmpty(record.ProbeAddress) || record.ProbeAddress == record.Address;
        var authority = own ? record.Address : record.ProbeAddress!;
        var scheme = own && record.Protocol is ("https" or "grpcs") ? "https" : "http";
        var path = record.Probe != Probes.Http ? "/" : record.Metadata.GetValueOrDefault(PathKey, DefaultPath);
        if (!path.StartsWith('/')
            || authority.AsSpan().ContainsAny("/?#@\\")
            || !Uri.TryCreate($"{scheme}://{authority}{path}", UriKind.Absolute, out var address)
            || !authority.EndsWith($":{address.Port}", StringComparison.Ordinal))
        {
            reason = $"'{authority}{path}' is no ip:port with a path";
            return null;
        }

        return new ProbeTarget(record.Probe, address);
    }
}
