using System.Diagnostics;
using Fairway.Core.Balancing;
using Fairway.Core.Directory;
using Fairway.Report;

namespace Fairway.Simulation;

/// <summary>What a pick costs and allocates, by the number of instances.</summary>
internal static class PickCost
{
    private const int Picks = 200_000;

    public static void Add(BenchReport report)
    {
        var allocated = 0L;
        var (small, large) = (0.0, 0.0);
        foreach (var name in Policies.All)
        {
            var few = Measure(name, 100);
            var many = Measure(name, 10_000);
            allocated = Math.Max(allocated, many.Allocated);
            (small, large) = name == Policies.Own ? (few.Nanoseconds, many.Nanoseconds) : (small, large);
        }

        report.Add("a pick among 10,000: allocated", allocated, " B", Target.AtMost(0), $"all {Policies.All.Length} policies, {Picks:#,0} picks each");
        report.Add("a pick among 10,000 to one among 100", large / small, "x", Target.AtMost(5), $"{large:0} ns to {small:0} ns, begun, ended and reported");
    }

    private static (double Nanoseconds, long Allocated) Measure(string name, int count)
    {
        var random = new Random(1);
        var caller = new Caller(Policies.Of(name)(new Chance(1)));
        caller.Update(
            [.. Enumerable.Range(0, count).Select(i => new InstanceView
            {
                Id = $"i{i}", Address = $"i{i}", Protocol = "http", Zone = "", Lane = "", Weight = 0.5 + random.NextDouble(), InFlight = random.Next(10), LatencyMs = 20 + (20 * random.NextDouble()), AgeMs = 0, Rps = 50, Cpu = 0.5,
            })],
            TimeSpan.Zero);
        Run(caller, Picks / 4); // for the JIT's last tier
        var best = double.PositiveInfinity;
        var allocated = 0L;
        for (var round = 0; round < 5; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var watch = Stopwatch.GetTimestamp();
            Run(caller, Picks / 5);
            best = Math.Min(best, Stopwatch.GetElapsedTime(watch).TotalNanoseconds / (Picks / 5));
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        return (best, allocated);
    }

    private static void Run(Caller caller, int picks)
    {
        var now = TimeSpan.Zero;
        for (var pick = 0; pick < picks; pick++, now += TimeSpan.FromMicroseconds(100))
        {
            var endpoint = caller.Begin(now, (uint)pick * 2654435761)!;
            caller.End(endpoint, new Outcome(20, Failed: false), now);
            caller.Report(endpoint, new LoadReport(pick % 7, 20), now);
        }
    }
}
