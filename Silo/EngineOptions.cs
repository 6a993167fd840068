using Fairway.Core.Directory;
using Fairway.Storage;

namespace Fairway.Silo;

/// <summary>How the engine runs. Configuration section <c>Engine</c>; the local engine needs none of it.</summary>
public sealed class EngineOptions
{
    public const string Section = "Engine";

    /// <summary>The port silos speak to each other on; 0 takes a free one. Default 0.</summary>
    public int SiloPort { get; set; }

    /// <summary>The port clients of the cluster connect to; 0 takes a free one. Default 0.</summary>
    public int GatewayPort { get; set; }

    /// <summary>Silos with the same one form a cluster, where etcd is configured. Default <c>fairway</c>.</summary>
    public string ClusterId { get; set; } = "fairway";

    /// <summary>The address, or the host name of it, under which other silos and clients reach this one. Default 127.0.0.1.</summary>
    public string AdvertisedAddress { get; set; } = "127.0.0.1";

    /// <summary>The silo's name in logs and in the dashboard. Default: made up by the engine.</summary>
    public string? Name { get; set; }

    /// <summary>Where the silo runs; told to all others. Default none.</summary>
    public string? Zone { get; set; }

    /// <summary>The lane whose grains the silo is for; <c>COLORING_ENV</c> wins. Told to all others. Default base.</summary>
    public string? Lane { get; set; }

    /// <summary>How far the history of this process reaches; told to all others, which place users' grains where it reaches furthest. The host sets it.</summary>
    public StorageReach History { get; set; }

    /// <summary>No silo in this process: it is a client of a cluster whose registry is etcd. Default false.</summary>
    public bool Client { get; set; }

    /// <summary>How long a silo may take to answer a probe; one that missed three in a row is declared dead, which takes about five times this. Default 1 s.</summary>
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <exception cref="ArgumentException">A value that cannot work, and which.</exception>
    internal EngineOptions Validated()
    {
        CheckPort(SiloPort, nameof(SiloPort));
        CheckPort(GatewayPort, nameof(GatewayPort));
        if (SiloPort != 0 && SiloPort == GatewayPort)
        {
            throw new ArgumentException($"{Section}:{nameof(SiloPort)} and {Section}:{nameof(GatewayPort)} are both {SiloPort}.");
        }

        if (string.IsNullOrWhiteSpace(ClusterId))
        {
            throw new ArgumentException($"{Section}:{nameof(ClusterId)} is empty.");
        }

        if (!Names.IsValid(ClusterId))
        {
            throw new ArgumentException($"{Section}:{nameof(ClusterId)} is '{ClusterId}', which is no name: 1-{Names.MaxLength} of A-Za-z0-9._-.");
        }

        if (string.IsNullOrWhiteSpace(AdvertisedAddress))
        {
            throw new ArgumentException($"{Section}:{nameof(AdvertisedAddress)} is empty.");
        }

        return ProbeTimeout < TimeSpan.FromMilliseconds(100) || ProbeTimeout > TimeSpan.FromMinutes(1)
            ? throw new ArgumentException($"{Section}:{nameof(ProbeTimeout)} is {ProbeTimeout}; it must be 100 ms to a minute.")
            : this;
    }

    private static void CheckPort(int port, string name)
    {
        if (port is < 0 or > 65535)
        {
            throw new ArgumentException($"{Section}:{name} is {port}; a port is 0 (any free one) to 65535.");
        }
    }
}
