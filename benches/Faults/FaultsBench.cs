using Fairway.Report;

namespace Fairway.Faults;

/// <summary><c>./bench faults</c>: what each fault does to the list of a service, in wall-clock time with the real processes.</summary>
internal static class FaultsBench
{
    /// <summary>The exporter's lease is 8 s: silence is watched until well past it.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        var rounds = arguments.Number("--rounds", 20);
        await using var cluster = await Cluster.StartAsync();
        List<double> killed = [], restarted = [], frozen = [], resumed = [], etcdBack = [], compacted = [];
        var etcdLost = 0;
        var compactionLost = 0;
        var exporterLost = 0;

        // --only lanes leaves the rest out: its rounds take minutes.
        var only = arguments.Text("--only");
        var others = only is null ? rounds : 0;
        await Each("kill -9 of a backend", others, async () =>
        {
            killed.Add(await cluster.List.UntilGoneAsync(Cluster.Victim, cluster.KillVictim));
            await cluster.RestartVictimAsync(); // back counts from when it is ready to serve
            restarted.Add(await cluster.List.UntilThereAsync(Cluster.Victim));
        });
        await Each("SIGSTOP of a backend", others, async () =>
        {
            frozen.Add(await cluster.List.UntilGoneAsync(Cluster.Victim, cluster.FreezeVictim));
            resumed.Add(await cluster.List.UntilThereAsync(Cluster.Victim, cluster.ResumeVictim));
        });
        await Each("etcd killed and restarted", others, async () =>
        {
            using var watch = cluster.List.CountLosses();
            await cluster.RestartEtcdAsync();
            etcdBack.Add(await cluster.List.UntilThereAsync(Cluster.Probe, cluster.RegisterProbeAsync));
            etcdLost += await watch.EndAsync();
            await cluster.RemoveProbeAsync();
        });
        await Each("compaction past what the gateway has seen", others, async () =>
        {
            using var watch = cluster.List.CountLosses();
            await cluster.CompactBehindGatewayAsync();
            compacted.Add(await cluster.List.UntilThereAsync(Cluster.Probe));
            compactionLost += await watch.EndAsync();
            await cluster.RemoveProbeAsync();
        });
        var deaths = Math.Min(others, 3);
        await Each("kill -9 of the exporter", deaths, async () =>
        {
            using var watch = cluster.List.CountLosses();
            cluster.KillExporter();
            await Task.Delay(Silence, TimeProvider.System);
            exporterLost += await watch.EndAsync();
            await cluster.StartExporterAsync();
        });

        List<double> routable = [], crashed = [], killSwitch = [];
        await using (var lanes = new LaneFaults(cluster))
        {
            await lanes.StartAsync();
            await Each("registration in a lane", rounds, async () => routable.Add(await lanes.RegisterAsync()));
            await Each("kill -9 of a lane's backend", rounds, async () => crashed.Add(await lanes.CrashAsync()));
            await Each("kill switch of a grey rule", rounds, async () => killSwitch.Add(await lanes.KillSwitchAsync()));
        }

        var report = new BenchReport("faults");
        Times("backend killed: gone", killed, Target.AtMost(1));
        Times("backend killed: back, from ready again", restarted);
        Times("backend frozen: gone", frozen, Target.AtMost(3));
        Times("backend frozen: back, from SIGCONT", resumed);
        Times("etcd killed: a new instance is seen, from healthy", etcdBack);
        Losses("etcd killed: instances that left", etcdLost, $"{rounds} rounds");
        Times("etcd compacted: a new instance is seen, from SIGCONT of the gateway", compacted);
        Losses("etcd compacted: instances that left", compactionLost, $"{rounds} rounds");
        Times("lane: routable at two gateways, from its registration", routable, Target.AtMost(1));
        Times("lane: backend killed, LANE_SERVICE_DOWN at two gateways", crashed, Target.AtMost(3));
        Times("lane: kill switch acts at two gateways", killSwitch, Target.AtMost(0.5));
        Losses("exporter killed: instances that left", exporterLost, $"{deaths} rounds of {Silence.TotalSeconds:0} s, its lease is 8 s");
        await StreamFaults.AddAsync(report, rounds);
        return report.Print(Console.Out);

        void Times(string what, List<double> seconds, Target? target = null)
        {
            if (seconds.Count > 0)
            {
                report.Add(what + ", max", seconds.Max(), " s", target, $"p50 {Rounds.Median(seconds):0.00} s of {seconds.Count}");
            }
        }

        void Losses(string what, int lost, string detail)
        {
            if (only is null)
            {
                report.Add(what, lost, "", Target.AtMost(0), detail);
            }
        }
    }

    private static async Task Each(string what, int rounds, Func<Task> body)
    {
        await Console.Error.WriteLineAsync($"{what}, {rounds} times");
        for (var round = 0; round < rounds; round++)
        {
            await body();
        }
    }
}
