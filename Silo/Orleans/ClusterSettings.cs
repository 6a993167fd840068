using System.Net;
using System.Net.Sockets;
using Orleans.Configuration;

namespace Fairway.Silo.Orleans;

/// <summary>What makes a dead silo leave within 8 s and a living one stay.</summary>
internal static class ClusterSettings
{
    /// <summary>How often silos read the table, and clients the list of gateways, besides what gossip brings.</summary>
    public static readonly TimeSpan RefreshPeriod = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan ConnectRetry = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Three missed probes, the last one by way of another silo with twice the time: about five probe time-outs. A silo that finds
    /// itself declared dead at its next reading of the table ends its process.
    /// </summary>
    public static void Apply(ClusterMembershipOptions membership, EngineOptions options)
    {
        membership.ProbeTimeout = options.ProbeTimeout;
        membership.NumMissedProbesLimit = 3;
        membership.TableRefreshTimeout = RefreshPeriod;
        membership.IAmAliveTablePublishTimeout = RefreshPeriod;
        membership.DefunctSiloExpiration = TimeSpan.FromDays(1);

        // Later versions adapt the time-out between these two; left alone, it may grow to four times what was set.
        Set(membership, "MinProbeTimeout", options.ProbeTimeout);
        Set(membership, "MaxProbeTimeout", options.ProbeTimeout * 1.5);
    }

    public static Dictionary<string, string> Metadata(EngineOptions options)
    {
        var lane = Environment.GetEnvironmentVariable("COLORING_ENV") is { Length: > 0 } coloring ? coloring : options.Lane;
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal) { ["engine"] = FairwayEngine.Name, [HistoryPlacement.ReachKey] = options.History.ToString() };
        if (!string.IsNullOrEmpty(options.Zone))
        {
            metadata["zone"] = options.Zone;
        }

        if (!string.IsNullOrEmpty(lane))
        {
            metadata["lane"] = lane;
        }

        return metadata;
    }

    /// <exception cref="ArgumentException">The name has no address.</exception>
    public static IPAddress Resolve(string address)
    {
        if (IPAddress.TryParse(address, out var parsed))
        {
            return parsed;
        }

        try
        {
            return Dns.GetHostAddresses(address).OrderBy(found => found.AddressFamily != AddressFamily.InterNetwork).First();
        }
        catch (Exception unknown) when (unknown is SocketException or InvalidOperationException)
        {
            throw new ArgumentException($"{EngineOptions.Section}:{nameof(EngineOptions.AdvertisedAddress)} '{address}' has no address: {unknown.Message}", unknown);
        }
    }

    /// <summary>A client that starts before the first silo waits for it.</summary>
    public static async Task<bool> RetryConnectAsync(Exception failure, CancellationToken cancellationToken)
    {
        await Task.Delay(ConnectRetry, TimeProvider.System, cancellationToken);
        return true;
    }

    private static void Set(ClusterMembershipOptions membership, string option, TimeSpan value) =>
        typeof(ClusterMembershipOptions).GetProperty(option)?.SetValue(membership, value);
}
