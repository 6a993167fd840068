using Fairway.Core.Scoring;
using Fairway.Testing;

namespace Fairway.Core.Tests.Scoring;

public class SlidingWindowTests
{
    private static readonly LoadSample Sample = new(0.5, 1, 4, 20, 100, 0.1);

    [Fact]
    public void Snapshot_NeverSampled_HasNoFiguresAndNoAge()
    {
        var snapshot = new SlidingWindow().Snapshot(TimeSpan.FromSeconds(9));

        Assert.Equal(0, snapshot.Samples);
        Assert.Null(snapshot.NewestAge);
        Assert.True(double.IsNaN(snapshot.Means.Cpu));
    }

    [Fact]
    public void Snapshot_OneSample_IsThatSample()
    {
        var window = new SlidingWindow();
        window.Add(Sample, TimeSpan.FromSeconds(3));

        var snapshot = window.Snapshot(TimeSpan.FromSeconds(4.5));

        Assert.Equal(Sample, snapshot.Means);
        Assert.Equal(1, snapshot.Samples);
        Assert.Equal(TimeSpan.FromSeconds(1.5), snapshot.NewestAge);
    }

    [Fact]
    public void Snapshot_BucketTwoSecondsOlder_CountsHalf()
    {
        var window = new SlidingWindow();
        window.Add(Sample with { Cpu = 0 }, TimeSpan.FromSeconds(1));
        window.Add(Sample with { Cpu = 3 }, TimeSpan.FromSeconds(3));

        Assert.Equal(2, window.Snapshot(TimeSpan.FromSeconds(3)).Means.Cpu, 12);
    }

    [Fact]
    public void Snapshot_FigureNotReported_IsNotCounted()
    {
        var window = new SlidingWindow();
        window.Add(Sample with { LatencyMs = double.NaN }, TimeSpan.FromSeconds(1));
        window.Add(Sample with { LatencyMs = 30 }, TimeSpan.FromSeconds(1));
        window.Add(Sample with { Rps = double.NaN }, TimeSpan.FromSeconds(1));

        var means = window.Snapshot(TimeSpan.FromSeconds(1)).Means;

        Assert.Equal(25, means.LatencyMs, 12);
        Assert.Equal(100, means.Rps, 12);
    }

    [Fact]
    public void Snapshot_Idle_ForgetsBucketByBucket()
    {
        var window = new SlidingWindow();
        for (var second = 0; second < 5; second++)
        {
            window.Add(Sample, TimeSpan.FromSeconds(second));
        }

        for (var second = 4; second < 9; second++)
        {
            Assert.Equal(9 - second, window.Snapshot(TimeSpan.FromSeconds(second)).Samples);
        }

        var idle = window.Snapshot(TimeSpan.FromSeconds(9));
        Assert.Equal(0, idle.Samples);
        Assert.True(double.IsNaN(idle.Means.Cpu));
        Assert.Equal(TimeSpan.FromSeconds(5), idle.NewestAge);
    }

    [Fact]
    public void Add_OlderThanTheWindow_IsDropped()
    {
        var window = new SlidingWindow();
        window.Add(Sample, TimeSpan.FromSeconds(10));
        window.Add(Sample with { Cpu = 100 }, TimeSpan.FromSeconds(5.9));

        Assert.Equal(1, window.Snapshot(TimeSpan.FromSeconds(10)).Samples);
    }

    [Fact]
    public void Add_LateButWithinTheWindow_GoesToItsOwnBucket()
    {
        var window = new SlidingWindow();
        window.Add(Sample, TimeSpan.FromSeconds(10));
        window.Add(Sample, TimeSpan.FromSeconds(6));

        Assert.Equal(2, window.Snapshot(TimeSpan.FromSeconds(10)).Samples);
        Assert.Equal(1, window.Snapshot(TimeSpan.FromSeconds(11)).Samples);
    }

    [Fact]
    public void Clear_Filled_IsAsNew()
    {
        var window = new SlidingWindow();
        window.Add(Sample, TimeSpan.FromSeconds(10));
        window.Clear();

        Assert.Equal(0, window.Snapshot(TimeSpan.FromSeconds(10)).Samples);
        Assert.Null(window.Snapshot(TimeSpan.FromSeconds(10)).NewestAge);
    }

    [Theory]
    [InlineData(0, 1, 2)]
    [InlineData(5, 0, 2)]
    [InlineData(5, 1, 0)]
    [InlineData(1001, 1, 2)]
    public void Constructor_OptionsThatMakeNoWindow_Throws(int buckets, int spanSeconds, int halfLifeSeconds) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new SlidingWindow(new WindowOptions
        {
            Buckets = buckets,
            BucketSpan = TimeSpan.FromSeconds(spanSeconds),
            HalfLife = TimeSpan.FromSeconds(halfLifeSeconds),
        }));

    [Fact]
    public void AddAndSnapshot_ManyTimes_AllocateNothing()
    {
        var window = new SlidingWindow();
        double sum = Run(window, 10);

        Assert.Equal(0, Allocations.Least(() => sum += Run(window, 10_000)));
        Assert.True(sum > 0);

        static double Run(SlidingWindow window, int times)
        {
            var sum = 0.0;
            for (var i = 0; i < times; i++)
            {
                window.Add(Sample, TimeSpan.FromMilliseconds(i * 37));
                sum += window.Snapshot(TimeSpan.FromMilliseconds(i * 37)).Means.Cpu;
            }

            return sum;
        }
    }

    [Fact]
    public void Snapshot_RandomSamples_AgreesWithTheNaiveList()
    {
        for (var seed = 0; seed < 1500; seed++)
        {
            var random = new Random(seed);
            var options = new WindowOptions
            {
                Buckets = random.Next(1, 9),
                BucketSpan = TimeSpan.FromMilliseconds(random.Next(1, 2000)),
                HalfLife = TimeSpan.FromMilliseconds(random.Next(1, 5000)),
            };
            var window = new SlidingWindow(options);
            var naive = new NaiveWindow(options);
            var now = TimeSpan.FromMilliseconds(random.Next(-3000, 3000));
            for (var step = 0; step < 40; step++)
            {
                now += TimeSpan.FromMilliseconds(random.Next(0, random.Next(2) == 0 ? 500 : 6000));
                var at = now - TimeSpan.FromMilliseconds(random.Next(3) == 0 ? random.Next(0, 4000) : 0);
                var sample = RandomSample(random);
                window.Add(sample, at);
                naive.Add(sample, at);
                var readAt = now + TimeSpan.FromMilliseconds(random.Next(0, 1500));
                AssertClose(naive.Snapshot(readAt), window.Snapshot(readAt), seed);
            }
        }
    }

    private static LoadSample RandomSample(Random random)
    {
        double Figure(double scale) => random.Next(4) == 0 ? double.NaN : random.NextDouble() * scale;
        return new LoadSample(Figure(2), Figure(8), Figure(50), Figure(500), Figure(1000), Figure(1));
    }

    private static void AssertClose(WindowSnapshot expected, WindowSnapshot actual, int seed)
    {
        Assert.Equal(expected.Samples, actual.Samples);
        Assert.Equal(expected.NewestAge, actual.NewestAge);
        var pairs = Figures(expected.Means).Zip(Figures(actual.Means));
        Assert.All(pairs, pair => Assert.True(
            (double.IsNaN(pair.First) && double.IsNaN(pair.Second)) || Math.Abs(pair.First - pair.Second) <= 1e-9 * Math.Max(1, pair.First),
            $"seed {seed}: {pair.First} and {pair.Second}"));
    }

    private static double[] Figures(LoadSample sample) =>
        [sample.Cpu, sample.MemoryGib, sample.InFlight, sample.LatencyMs, sample.Rps, sample.ErrorRate];

    /// <summary>Keeps every sample and computes each mean from the definition.</summary>
    private sealed class NaiveWindow(WindowOptions options)
    {
        private readonly List<(LoadSample Sample, TimeSpan At)> _samples = [];
        private TimeSpan? _newest;

        public void Add(LoadSample sample, TimeSpan at)
        {
            if (_newest is { } newest && Index(at) <= Index(newest) - options.Buckets)
            {
                return;
            }

            _samples.Add((sample, at));
            _newest = _newest is { } known && known > at ? known : at;
        }

        public WindowSnapshot Snapshot(TimeSpan now)
        {
            var inside = _samples.Where(entry => Index(now) - Index(entry.At) < options.Buckets).ToList();
            double Mean(Func<LoadSample, double> figure)
            {
                var counted = inside.Where(entry => !double.IsNaN(figure(entry.Sample))).ToList();
                double Weight(TimeSpan at) => Math.Pow(0.5, (Index(now) - Index(at)) * options.BucketSpan / options.HalfLife);
                return counted.Sum(entry => Weight(entry.At) * figure(entry.Sample)) / counted.Sum(entry => Weight(entry.At));
            }

            var means = new LoadSample(
                Mean(sample => sample.Cpu), Mean(sample => sample.MemoryGib), Mean(sample => sample.InFlight),
                Mean(sample => sample.LatencyMs), Mean(sample => sample.Rps), Mean(sample => sample.ErrorRate));
            return new WindowSnapshot(means, inside.Count, now - _newest);
        }

        private long Index(TimeSpan at) => (long)Math.Floor((decimal)at.Ticks / options.BucketSpan.Ticks);
    }
}
