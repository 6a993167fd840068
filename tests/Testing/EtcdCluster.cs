namespace Fairway.Testing;

/// <summary>Three real etcd members on loopback.</summary>
public sealed class EtcdCluster : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<RealProcess> _members = [];

    public IReadOnlyList<RealProcess> Members => _members;

    public IReadOnlyList<Uri> Endpoints { get; } = [.. Enumerable.Range(0, 3).Select(_ => new Uri($"http://127.0.0.1:{FreePort.Next()}"))];

    public static async Task<EtcdCluster> StartAsync()
    {
        var cluster = new EtcdCluster();
        var peers = cluster.Endpoints.Select(_ => $"http://127.0.0.1:{FreePort.Next()}").ToList();
        var initial = string.Join(',', peers.Select((peer, index) => $"m{index}={peer}"));
        var program = RealProcess.Find("etcd", "etcd-server");
        for (var i = 0; i < peers.Count; i++)
        {
            var client = cluster.Endpoints[i].GetLeftPart(UriPartial.Authority);
            cluster._members.Add(RealProcess.Start(new RealProcessStart(
                program,
                "--name", $"m{i}",
                "--data-dir", cluster._folder[$"m{i}"],
                "--listen-client-urls", client,
                "--advertise-client-urls", client,
                "--listen-peer-urls", peers[i],
                "--initial-advertise-peer-urls", peers[i],
                "--initial-cluster", initial,
                "--unsafe-no-fsync")));
        }

        foreach (var (member, endpoint) in cluster._members.Zip(cluster.Endpoints))
        {
            using var http = new HttpClient { BaseAddress = endpoint, Timeout = TimeSpan.FromSeconds(1) };
            await member.WaitReadyAsync(async () =>
                (await http.GetStringAsync(new Uri("/health", UriKind.Relative))).Contains("\"true\"", StringComparison.Ordinal));
        }

        return cluster;
    }

    /// <summary>The index of the member that leads.</summary>
    public async Task<int> LeaderAsync()
    {
        for (var i = 0; i < Endpoints.Count; i++)
        {
            using var http = new HttpClient { BaseAddress = Endpoints[i] };
            var metrics = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
            if (metrics.Contains("\netcd_server_is_leader 1", StringComparison.Ordinal))
            {
                return i;
            }
        }

        throw new InvalidOperationException("No member of etcd leads.");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in _members)
        {
            await member.DisposeAsync();
        }

        _folder.Dispose();
    }
}
