namespace Fairway.Simulation;

/// <summary>One thing that happens to the cluster, and what its steps are called.</summary>
internal sealed record Scenario(string Name, string Title, Setup Setup, string[] Steps, string[] Policies)
{
    private static readonly double[] Ramp = [0.75, 0.83, 0.93, 1.03, 1.14, 1.27, 1.41, 1.57, 1.74];
    private static readonly string[] Main = [Simulation.Policies.Own, Simulation.Policies.Prequal, Simulation.Policies.Weighted];
    private static readonly string[] Faulty = [.. Main, "least-of-two", "peak-ewma"];
    private static readonly string[] Herding = [Simulation.Policies.Own, Simulation.Policies.Plain, Simulation.Policies.Naive];

    /// <summary>All scenarios, with steps of so many ms.</summary>
    public static IReadOnlyList<Scenario> All(double step) =>
    [
        RampOf(100, step, Simulation.Policies.All),
        RampOf(10, step, Main),
        RampOf(200, step, Main),
        HalfSlow(step),
        .. from clients in (int[])[10, 100, 200]
           from refresh in (double[])[100, 1_000, 10_000]
           from synchronised in (bool[])[false, true]
           select Herd(clients, refresh, synchronised, step),
        Frozen(),
        Failing(step),
        Stuck(step),
        Rolling(),
        ZoneLost(step),
        LaneOfThree(step),
    ];

    private static Scenario RampOf(int clients, double step, string[] policies) => new(
        $"ramp-{clients}", $"the paper's ramp, {clients} clients", new Setup { Clients = clients, Loads = Ramp, StepMs = step },
        [.. Ramp.Select(load => $"{load:0.00}x")], policies);

    private static Scenario HalfSlow(double step) => new(
        "half-slow",
        "half of the replicas twice as slow, 0.75x",
        new Setup
        {
            StepMs = 2 * step,
            Script = cluster =>
            {
                foreach (var machine in cluster.Machines.Where(machine => machine.Slot % 2 == 0))
                {
                    machine.Slowness = 2;
                }
            },
        },
        ["0.75x"],
        Simulation.Policies.All);

    private static Scenario Herd(int clients, double refresh, bool synchronised, double step) => new(
        $"herd-{clients}-{refresh:0}{(synchronised ? "-sync" : "")}",
        $"0.7x, {clients} clients, a list each {refresh / 1000:0.#} s{(synchronised ? ", all at once" : "")}",
        new Setup { Clients = clients, RefreshMs = refresh, Synchronised = synchronised, Loads = [0.7], StepMs = step, WarmUpMs = Math.Max(10_000, 3 * refresh) },
        ["0.7x"],
        Herding);

    /// <summary>A minute that is healthy, then ten in which nobody hears of anything, a machine dies in each, and none takes its place that callers know of.</summary>
    private static Scenario Frozen() => new(
        "frozen",
        "discovery frozen for 10 min, a machine lost each minute, 0.7x",
        new Setup
        {
            Loads = [.. Enumerable.Repeat(0.7, 11)],
            StepMs = 60_000,
            Script = cluster =>
            {
                var at = cluster.FirstStep + cluster.StepMs;
                cluster.At(at, () => cluster.Discovery.IsFrozen = true);
                for (var minute = 0; minute < 10; minute++)
                {
                    var slot = 7 + (9 * minute);
                    cluster.At(at + ((minute + 0.5) * cluster.StepMs), () => cluster.Kill(slot));
                }
            },
        },
        ["healthy", .. Enumerable.Range(1, 10).Select(minute => $"minute {minute}")],
        [Simulation.Policies.Own, Simulation.Policies.Weighted]);

    private static Scenario Failing(double step) => new(
        "failing",
        "one instance fails half of its requests at once, 0.75x",
        new Setup
        {
            Loads = [0.75, 0.75, 0.75, 0.75, 0.75],
            StepMs = step,
            Script = cluster =>
            {
                cluster.At(cluster.FirstStep + cluster.StepMs, () => cluster.Machines[0].FailureRate = 0.5);
                cluster.LeaveOut(cluster.FirstStep + cluster.StepMs, 2_000);
                cluster.At(cluster.FirstStep + (2 * cluster.StepMs), () => cluster.Machines[0].FailureRate = 0);
            },
        },
        ["healthy", "failing since 2 s", "mended", "a step later", "two steps later"],
        Faulty);

    private static Scenario Stuck(double step) => new(
        "stuck",
        "one instance takes 2 s longer for everything, 0.75x",
        new Setup
        {
            Loads = [0.75, 0.75, 0.75, 0.75, 0.75],
            StepMs = step,
            Script = cluster =>
            {
                cluster.At(cluster.FirstStep + cluster.StepMs, () => cluster.Machines[0].Delay = 2_000);
                cluster.LeaveOut(cluster.FirstStep + cluster.StepMs, 2_000);
                cluster.At(cluster.FirstStep + (2 * cluster.StepMs), () => cluster.Machines[0].Delay = 0);
            },
        },
        ["healthy", "stuck since 2 s", "mended", "a step later", "two steps later"],
        Faulty);

    /// <summary>Every second one machine drains for 3 s and is then another, new one.</summary>
    private static Scenario Rolling() => new(
        "rolling",
        "every replica replaced, one a second, 0.7x",
        new Setup
        {
            Loads = [0.7, 0.7],
            StepMs = 100_000,
            WarmUpMs = 60_000,
            Script = cluster =>
            {
                for (var slot = 0; slot < cluster.Machines.Length; slot++)
                {
                    var which = slot;
                    var at = cluster.FirstStep + cluster.StepMs + (slot * 1_000);
                    cluster.At(at, () => cluster.Drain(which));
                    cluster.At(at + 3_000, () =>
                    {
                        cluster.Kill(which);
                        cluster.Discovery.Remove(cluster.Machines[which]);
                        cluster.Replace(which);
                    });
                }
            },
        },
        ["healthy", "rolling"],
        [Simulation.Policies.Own, Simulation.Policies.Weighted]);

    /// <summary>A quarter of all machines die at once; probes find them down within a second.</summary>
    private static Scenario ZoneLost(double step) => new(
        "zone-lost",
        "one of four zones lost, 0.7x, callers prefer their own",
        new Setup
        {
            Loads = [0.7, 0.7, 0.7],
            StepMs = step,
            Zones = ["a", "b", "c", "d"],
            Script = cluster => cluster.At(cluster.FirstStep + cluster.StepMs, () =>
            {
                foreach (var machine in cluster.Machines.Where(machine => machine.Zone == "a"))
                {
                    cluster.Kill(machine.Slot);
                    cluster.At(cluster.Now + 750, () => cluster.Discovery.MarkDown(machine, cluster.Now));
                }
            }),
        },
        ["healthy", "lost", "a step later"],
        Main);

    private static Scenario LaneOfThree(double step) => new(
        "lane", "a lane of 3 instances, 10 clients", new Setup { Clients = 10, Machines = 3, Loads = [0.2, 0.75, 1.27], StepMs = 4 * step }, ["0.2x", "0.75x", "1.27x"],
        Simulation.Policies.All);
}
