using System.Collections.Immutable;
using Fairway.Core.Directory;

namespace Fairway.Sdk.Options;

/// <summary>How a service takes part in Fairway: configuration section <c>Fairway</c>, checked at start.</summary>
public sealed class FairwayOptions
{
    public const string Section = "Fairway";

    /// <summary>The service's name; required. Rules: <see cref="Names"/>.</summary>
    public string Service { get; set; } = "";

    /// <summary>This instance's name within the service. Default: <c>{service}-{host}-{pid}-{random}</c>.</summary>
    public string Id { get; set; } = "";

    /// <summary>
    /// The IP address to listen on. Default (null): the host of <c>urls</c> where that is set, else 127.0.0.1,
    /// seen from this machine only. <c>0.0.0.0</c> listens on all and publishes the one that reaches the
    /// registry, unless <see cref="AdvertiseAddress"/> says another.
    /// </summary>
    public string? Address { get; set; }

    /// <summary>
    /// The HTTP port; 0 takes a free one and publishes it. Default (null): what <c>urls</c> or
    /// <c>Kestrel:Endpoints</c> configure, else a free one.
    /// </summary>
    public int? Port { get; set; }

    /// <summary>The port of load reports and health checks (gRPC, HTTP/2 without TLS). Default 0: a free one.</summary>
    public int ProbePort { get; set; }

    /// <summary>
    /// Where others reach this instance, if not where it listens (containers): <c>ip</c> or <c>host</c>, with
    /// <c>:port</c> where that is mapped too. A host name is resolved once, at start.
    /// </summary>
    public string? AdvertiseAddress { get; set; }

    /// <summary>The same for the probe's port. Default: the host of <see cref="AdvertiseAddress"/> and the probe's own port.</summary>
    public string? AdvertiseProbeAddress { get; set; }

    /// <summary><c>http</c> (default), <c>https</c>, <c>grpc</c> or <c>grpcs</c>: what callers speak.</summary>
    public string Protocol { get; set; } = "http";

    public string Zone { get; set; } = "";

    /// <summary>Shown to operators; only lanes route. Default: the entry assembly's version.</summary>
    public string? Version { get; set; }

    /// <summary>The lane; empty is base. The environment variable <c>COLORING_ENV</c> wins, here and for <see cref="Methods"/>; set and empty it is base.</summary>
    public string Lane { get; set; } = "";

    /// <summary>Share in percent of a usual instance, 0-10000. Default 100.</summary>
    public int Weight { get; set; } = 100;

    /// <summary>How life is checked, one of <see cref="Probes"/>. Default <see cref="Probes.Orca"/>.</summary>
    public string Probe { get; set; } = Probes.Orca;

    public Dictionary<string, string> Metadata { get; set; } = [];

    /// <summary>Methods that belong to a lane of their own.</summary>
    public ImmutableArray<MethodRecord> Methods { get; set; } = [];

    /// <summary>
    /// Addresses of the registry (<c>http://host:2379</c>). The environment variable <c>FAIRWAY_ETCD</c>
    /// (comma separated) wins over the section; both win over <c>Registry:Etcd:Endpoints</c>.
    /// </summary>
    public string[] RegistryEndpoints { get; set; } = [];

    /// <summary>Off for local runs that nobody is to find. Default on.</summary>
    public bool RegistrationEnabled { get; set; } = true;

    /// <summary>The registration's life without renewal, in seconds. Default 10.</summary>
    public int LeaseSeconds { get; set; } = 10;

    /// <summary>At shutdown, how long routers have to read <c>draining</c> before the key goes, in seconds. Default 2.</summary>
    public double DrainSeconds { get; set; } = 2;

    /// <summary>At shutdown, how long running requests are waited for after that, in seconds. Default 15.</summary>
    public double DrainRequestsSeconds { get; set; } = 15;

    /// <summary>Who owns a <c>local-*</c> lane made here. Default <c>user@host</c>.</summary>
    public string Owner { get; set; } = "";

    /// <summary>Life of a <c>local-*</c> lane made here without renewal, in seconds. Default 3600.</summary>
    public int LocalLaneSeconds { get; set; } = 3600;

    /// <summary>Whether responses carry <c>endpoint-load-metrics</c>. Default on.</summary>
    public bool InBandLoad { get; set; } = true;

    /// <summary>The shortest interval of load reports granted, in ms. Default 100.</summary>
    public int MinReportIntervalMs { get; set; } = 100;

    /// <summary>The service's own measure of how busy it is (1 is fully), reported as <c>application_utilization</c>. Default none.</summary>
    public Func<double>? ApplicationUtilization { get; set; }
}
