using System.Diagnostics;
using Fairway.Simulation;

var a = args.Select(x => x.Split('=')).ToDictionary(x => x[0], x => x[1]);
double D(string k, double d) => a.TryGetValue(k, out var v) ? double.Parse(v) : d;
string[] names = a.GetValueOrDefault("p", "wrr,prequal,scored").Split(',');
var setup = new Setup
{
    Clients = (int)D("clients", 100),
    Loads = a.GetValueOrDefault("loads", "0.75,0.93,1.27,1.74").Split(',').Select(double.Parse).ToArray(),
    StepMs = D("step", 30) * 1000,
    WarmUpMs = D("warm", 20) * 1000,
    RefreshMs = D("refresh", 1000),
    CrowdedShare = D("crowded", 0.01),
    Script = a.ContainsKey("slow") ? c => { foreach (var m in c.Machines.Where(m => m.Slot % 2 == 0)) m.Slowness = 2; } : null,
};
var seeds = (int)D("seeds", 1);
Parallel.ForEach(names, new ParallelOptions { MaxDegreeOfParallelism = 2 }, name =>
{
    for (var seed = 1; seed <= seeds; seed++)
    {
        var watch = Stopwatch.StartNew();
        var cluster = new Cluster(setup, Policies.Of(name), (ulong)seed);
        var t = cluster.Run();
        lock (setup) {
        var s = watch.Elapsed.TotalSeconds;
        Console.WriteLine($"{name,-14} seed {seed} {t.Sum(x => x.Requests) / s / 1e6:0.00}M/s");
        for (var i = 0; i < t.Length; i++)
            Console.WriteLine($"   {setup.Loads[i],5:0.00}x p50 {t[i].Percentile(.5),6:0.0} p90 {t[i].Percentile(.9),6:0.0} p99 {t[i].Percentile(.99),6:0.0} p99.9 {t[i].Percentile(.999),7:0.0} err {t[i].Errors / (double)t[i].Requests,8:0.00000} share {t[i].WorstShare:0.00} probes {t[i].Probes / (double)t[i].Requests:0.00}");
        }
    }
});