using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Fairway.Report;

namespace Fairway.Micro;

/// <summary><c>./bench lanes</c>: what a decision, a signature and the carrying of labels cost.</summary>
internal static class LanesBench
{
    private const int Operations = 1_000_000;
    private const int Verifications = 50_000;
    private const int Requests = 400;

    /// <summary>About a millisecond of a free processor a hop: what a request of the sample Backends costs unless told otherwise.</summary>
    private const int WorkBlocks = 4_000;

    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        var rounds = arguments.Number("--rounds", 15);
        var small = new Topology(10, 100);
        var large = new Topology(1_000, 10_000);
        var keys = new LabelKeys(new Dictionary<string, string> { ["k1"] = "a secret of thirty-two characters" }, null);
        var label = Label.Of("dev-blue.1", stress: true, "10.0.0.1:8080", "10.0.0.2:8080");
        var signature = keys.Sign(label, Now.AddMinutes(5));
        var secret = Encoding.UTF8.GetBytes("a secret of thirty-two characters");
        var message = Encoding.ASCII.GetBytes($"{label.Lane}\n1\n{label.OfflineText}\n{Now.AddMinutes(5).ToUnixTimeSeconds()}");
        var sink = 0;

        void Verify()
        {
            for (var i = 0; i < Verifications; i++)
            {
                sink += LabelReader.TryRead(label.Lane, "1", "10.0.0.1:8080,10.0.0.2:8080", signature, keys, Now, out _, out _) ? 1 : 0;
            }
        }

        void Hash()
        {
            Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
            for (var i = 0; i < Verifications; i++)
            {
                sink += HMACSHA256.HashData(secret, message, hash);
            }
        }

        Func<Task<double>>[] measurements =
        [
            Measure(Operations, () => sink += small.Decide(Operations)),
            Measure(Operations, () => sink += large.Decide(Operations)),
            Measure(Verifications, Hash),
            Measure(Verifications, Verify),
        ];
        await Rounds.RunAsync(3, measurements); // for the JIT's last tier
        var figures = await Rounds.RunAsync(rounds, measurements);
        var allocated = Timed.Allocated(() => sink += small.Decide(10_000) + large.Decide(10_000));
        var carried = Label.Of("dev-blue.1");
        var working = await HopsAsync(carried, WorkBlocks, rounds, Requests / 4);
        var bare = await HopsAsync(carried, 0, rounds, Requests);

        var report = new BenchReport("lanes");
        report.Add(
            "decision, 1,000 lanes x 10,000 instances to 10 x 100", Rounds.MedianRatio(figures[1], figures[0]), "x", Target.AtMost(3),
            $"{Rounds.Median(figures[1]):0.0} ns to {Rounds.Median(figures[0]):0.0} ns, a hundred times as many, cache misses included");
        report.Add("allocated by decisions", allocated, " B", Target.AtMost(0), "40,000 decisions, the entry's among them");
        report.Add(
            "read and verify a label, to a bare HMAC of the same bytes", Rounds.MedianRatio(figures[3], figures[2]), "x", Target.AtMost(3),
            $"{Rounds.Median(figures[3]):0} ns to {Rounds.Median(figures[2]):0} ns");
        report.Add(
            "two hops of 1 ms of work each, with a label to without", working.Ratio, "x", Target.AtMost(1.02),
            $"p50 {working.With * 1e6:0} us to {working.Without * 1e6:0} us of {rounds * Requests / 4:#,0} requests each, in turn");
        report.Add(
            "two hops that do nothing, with a label to without", bare.Ratio, "x", null,
            $"p50 {bare.With * 1e6:0.0} us to {bare.Without * 1e6:0.0} us of {rounds * Requests:#,0} requests each, in turn");
        GC.KeepAlive(sink);
        return report.Print(Console.Out);
    }

    private static async Task<(double Ratio, double With, double Without)> HopsAsync(Label label, int work, int rounds, int requests)
    {
        await using var plain = await TwoHops.StartAsync(label: null, work);
        await using var carrying = await TwoHops.StartAsync(label, work);
        return await TwoHops.CompareAsync(plain, carrying, rounds, requests);
    }

    private static Func<Task<double>> Measure(int operations, Action body) => () => Task.FromResult(Timed.Nanoseconds(operations, body));

    /// <summary>One service with instances in base and every lane; half of the lanes declare it. Requests ask for all of them in turn.</summary>
    private sealed class Topology
    {
        private const string Service = "orders";

        private readonly string?[] _labels;
        private readonly LanePools _pools;
        private readonly LaneTable _lanes;

        public Topology(int lanes, int instances)
        {
            var names = Enumerable.Range(0, lanes).Select(i => $"lane-{i}").ToArray();
            _labels = [null, .. names, "unknown"];
            _pools = LanePools.Of(new ServiceSnapshot
            {
                Service = Service,
                Sequence = 1,
                GeneratedAt = Now,
                Instances =
                [
                    .. Enumerable.Range(0, instances).Select(i => new InstanceView
                    {
                        Id = $"i{i}", Address = $"10.0.{i / 250}.{i % 250}:80", Protocol = "http", Zone = "", Weight = 1,
                        Lane = i % 2 == 0 ? "" : names[i / 2 % lanes], State = InstanceState.Ready,
                    }),
                ],
            });
            var tables = DirectoryTables.Empty with
            {
                Lanes = names.ToImmutableSortedDictionary(name => name, name => new LaneRecord(name, "bench", Now, null), StringComparer.Ordinal),
                Declarations = names.Where((_, i) => i % 2 == 0).ToImmutableSortedDictionary(
                    name => name, _ => ImmutableArray.Create(new LaneDeclaration(Service, "operator", "park")), StringComparer.Ordinal),
                Grey = DirectoryTables.Empty.Grey.Add(Service, new GreyRule { Target = "lane-0", Salt = "s", Whitelist = ["ann"], RatioPer10000 = 500 }),
            };
            _lanes = new LaneTable(tables, "1");
        }

        public int Decide(int times)
        {
            var usable = 0;
            for (int i = 0, at = 0; i < times; i++, at = at + 1 == _labels.Length ? 0 : at + 1)
            {
                var label = i % 64 == 0 ? EntryRule.Assign(_lanes.GreyOf(Service), null, "ann", null).Label : _labels[at];
                usable += LaneRouter.Decide(Service, label, [], _pools, _lanes).Usable;
            }

            return usable;
        }
    }
}
