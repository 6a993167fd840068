using Fairway.Core.Scoring;
using Fairway.Report;

namespace Fairway.Micro;

/// <summary><c>./bench window</c>: what a sample, a snapshot and the scoring of a lane cost.</summary>
internal static class WindowBench
{
    /// <summary>Enough that no sample waits for the one before it; few enough that all stay in the nearest cache.</summary>
    private const int Windows = 16;
    private const int Passes = 125_000;
    private const int Operations = Windows * Passes;

    private static readonly TimeSpan Start = TimeSpan.FromHours(1);

    /// <summary>Of the windows' clock, each pass: 200 samples a second of each.</summary>
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(5);

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        var rounds = arguments.Number("--rounds", 15);
        var windows = Enumerable.Range(0, Windows).Select(_ => new SlidingWindow()).ToArray();
        var empties = Enumerable.Range(0, Windows).Select(_ => new EmptyWindow(default)).ToArray();
        var samples = Enumerable.Range(0, Windows).Select(i => new LoadSample(i / 100.0, 0.25, i % 7, 20 + i, 50, 0.01)).ToArray();
        var clock = Start;
        double sink = 0;

        void Add()
        {
            for (var pass = 0; pass < Passes; pass++, clock += Step)
            {
                for (var i = 0; i < windows.Length; i++)
                {
                    windows[i].Add(in samples[i], clock);
                }
            }
        }

        void EmptyAdd()
        {
            for (var pass = 0; pass < Passes; pass++, clock += Step)
            {
                for (var i = 0; i < empties.Length; i++)
                {
                    empties[i].Add(in samples[i], clock);
                }
            }
        }

        void Snapshot()
        {
            for (var pass = 0; pass < Passes; pass++)
            {
                for (var i = 0; i < windows.Length; i++)
                {
                    sink += windows[i].Snapshot(clock).Means.Cpu;
                }
            }
        }

        void EmptySnapshot()
        {
            for (var pass = 0; pass < Passes; pass++)
            {
                for (var i = 0; i < empties.Length; i++)
                {
                    sink += empties[i].Snapshot(clock).Means.Cpu;
                }
            }
        }

        int[] sizes = [100, 1_000, 10_000];
        // The same 10,000 instances as many small lanes or one large one: no lane is so small that the processor learns it by heart.
        var lanes = sizes.Select(size => Enumerable.Range(0, sizes[^1] / size).Select(i => new Lane(size, i)).ToArray()).ToArray();
        Func<Task<double>>[] measurements =
        [
            Measure(Operations, EmptyAdd),
            Measure(Operations, Add),
            Measure(Operations, EmptySnapshot),
            Measure(Operations, Snapshot),
            .. lanes.Select(some => Measure(100 * sizes[^1], () => RankAll(some, 100))),
        ];
        await Rounds.RunAsync(3, measurements); // for the JIT's last tier
        var figures = await Rounds.RunAsync(rounds, measurements);
        var medians = figures.Select(Rounds.Median).ToArray();
        var allocated = Timed.Allocated(Add) + Timed.Allocated(Snapshot) + Timed.Allocated(() => RankAll(lanes[0], 1));

        var report = new BenchReport("window");
        report.Add("sample, to an empty call", Rounds.MedianRatio(figures[1], figures[0]), "x", Target.AtMost(3), $"{medians[1]:0.00} ns to {medians[0]:0.00} ns");
        report.Add("snapshot, to an empty call", Rounds.MedianRatio(figures[3], figures[2]), "x", Target.AtMost(10), $"{medians[3]:0.00} ns to {medians[2]:0.00} ns");
        report.Add("allocated by samples, snapshots, ranking", allocated, " B", Target.AtMost(0), $"{2 * Operations:#,0} calls");
        for (var i = 0; i < lanes.Length; i++)
        {
            report.Add($"score and rank {sizes[i]:#,0}, per instance", medians[4 + i], " ns");
        }

        // n log n is the price of a ranking: from 100 to 10,000 instances the logarithm alone doubles.
        report.Add("per instance, 10,000 to 100", Rounds.MedianRatio(figures[6], figures[4]), "x", Target.AtMost(3), "linear but for the sort's logarithm (2x)");
        GC.KeepAlive(sink);
        return report.Print(Console.Out);
    }

    private static void RankAll(Lane[] lanes, int times)
    {
        for (var time = 0; time < times; time++)
        {
            foreach (var lane in lanes)
            {
                lane.Rank();
            }
        }
    }

    private static Func<Task<double>> Measure(int operations, Action body) => () => Task.FromResult(Timed.Nanoseconds(operations, body));

    /// <summary>The instances of one lane, scored and put in the order they are published in.</summary>
    private sealed class Lane
    {
        private readonly LaneScorer _scorer = new(CostModel.Default, new WeightOptions());
        private readonly Contender[] _contenders;
        private readonly double[] _keys;
        private readonly int[] _order;

        public Lane(int size, int seed)
        {
            var random = new Random(seed);
            _keys = new double[size];
            _order = new int[size];
            _contenders = new Contender[size];
            for (var i = 0; i < size; i++)
            {
                _contenders[i] = new Contender
                {
                    IsSampled = true,
                    IsPeer = true,
                    Means = new LoadSample(random.NextDouble(), random.NextDouble(), random.Next(20), 5 + 100 * random.NextDouble(), 50, 0),
                };
            }
        }

        public void Rank()
        {
            _scorer.Score(_contenders);
            for (var i = 0; i < _order.Length; i++)
            {
                _keys[i] = -_contenders[i].Weight;
                _order[i] = i;
            }

            Array.Sort(_keys, _order);
        }
    }
}
