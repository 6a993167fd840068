using System.Globalization;
using Fairway.Core.Directory;

namespace Fairway.Registry.Schema;

/// <summary>
/// The registry's key strings. Builders throw <see cref="ArgumentException"/> for a malformed name (see <see cref="Names"/>)
/// or address, so that no caller writes a key that readers would ignore. A method ending in <c>Of</c> gives a prefix.
/// </summary>
public static class RegistryKeys
{
    /// <summary>Everything of Fairway stands under this.</summary>
    public const string Prefix = "/fairway/";

    public const string Instances = Prefix + "instances/";
    public const string Statuses = Prefix + "status/";
    public const string Exporters = Prefix + "exporters/";
    public const string Gateways = Prefix + "gateways/";
    public const string Edges = Prefix + "edges/";
    public const string Lanes = Prefix + "lanes/";
    public const string Policies = Prefix + "policies/";
    public const string Greys = Prefix + "grey/";
    public const string Offlines = Prefix + "offline/";
    public const string Limits = Prefix + "limits/";
    public const string Configs = Prefix + "config/";
    public const string Releases = Prefix + "releases/";
    public const string Clusters = Prefix + "cluster/";

    /// <summary>The configuration namespace of stress thresholds, one key a service.</summary>
    public const string StressNamespace = "stress";

    public static string Instance(string service, string id) => $"{InstancesOf(service)}{Name(id)}";

    public static string InstancesOf(string service) => $"{Instances}{Name(service)}/";

    /// <param name="chunk">From 0; see <see cref="StatusCodec.Split"/>.</param>
    public static string Status(string service, string exporter, int chunk)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(chunk);
        return string.Create(CultureInfo.InvariantCulture, $"{StatusOf(service, exporter)}{chunk}");
    }

    /// <summary>The status posted over HTTP for one instance.</summary>
    public static string HttpStatus(string service, string id) => StatusOf(service, StatusBatch.HttpExporter) + Name(id);

    public static string StatusOf(string service, string exporter) => $"{Statuses}{Name(service)}/{Name(exporter)}/";

    public static string Exporter(string id) => Exporters + Name(id);

    public static string Gateway(string id) => Gateways + Name(id);

    public static string Edge(string id) => Edges + Name(id);

    public static string Lane(string lane) => Lanes + Name(lane);

    public static string Declaration(string lane, string service) => DeclarationsOf(lane) + Name(service);

    public static string DeclarationsOf(string lane) => $"{Lane(lane)}/services/";

    public static string Policy(string service) => Policies + Name(service);

    public static string Grey(string service) => Greys + Name(service);

    public static string Offline(string address) => HostPort.IsValid(address)
        ? Offlines + address
        : throw new ArgumentException($"'{address}' is not of the form ip:port.", nameof(address));

    public static string Limit(string service) => Limits + Name(service);

    public static string Release(string service) => Releases + Name(service);

    public static string Config(string space, string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        return ConfigsOf(space) + key;
    }

    public static string ConfigsOf(string space) => $"{Configs}{Name(space)}/";

    public static string Stress(string service) => Config(StressNamespace, Name(service));

    public static string Cluster(string clusterId, string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return ClusterOf(clusterId) + path;
    }

    /// <summary>The membership table of one actor cluster.</summary>
    public static string ClusterOf(string clusterId) => $"{Clusters}{Name(clusterId)}/";

    private static string Name(string name) => Names.IsValid(name)
        ? name
        : throw new ArgumentException($"'{name}' is not a name: 1-{Names.MaxLength} of A-Za-z0-9._-, not '.' or '..'.", nameof(name));
}
