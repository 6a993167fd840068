namespace Fairway.Silo;

/// <summary>How the engine runs. Configuration section <c>Engine</c>; the local engine needs none of it.</summary>
public sealed class EngineOptions
{
    public const string Section = "Engine";

    /// <summary>The port silos speak to each other on; 0 takes a free one. Default 0.</summary>
    public int SiloPort { get; set; }

    /// <summary>The port clients of the cluster connect to; 0 takes a free one. Default 0.</summary>
    public int GatewayPort { get; set; }

    /// <summary>Silos with the same one form a cluster. Default <c>fairway</c>.</summary>
    public string ClusterId { get; set; } = "fairway";

    /// <exception cref="ArgumentException">A value that cannot work, and which.</exception>
    internal EngineOptions Validated()
    {
        CheckPort(SiloPort, nameof(SiloPort));
        CheckPort(GatewayPort, nameof(GatewayPort));
        if (SiloPort != 0 && SiloPort == GatewayPort)
        {
            throw new ArgumentException($"{Section}:{nameof(SiloPort)} and {Section}:{nameof(GatewayPort)} are both {SiloPort}.");
        }

        return string.IsNullOrWhiteSpace(ClusterId)
            ? throw new ArgumentException($"{Section}:{nameof(ClusterId)} is empty.")
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
