using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Core.Time;

namespace Fairway.Core.Tests.Directory;

public class DirectoryReducerTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Directory", "testdata");

    public static TheoryData<string> Scenarios => [.. System.IO.Directory.GetFiles(Folder, "*.txt").Select(file => Path.GetFileName(file)).Order()];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void Apply_Scenario_HasTheEffectsWritten(string file)
    {
        var script = new RegistryScript();
        foreach (var (input, expected) in RegistryScript.Blocks(File.ReadAllText(Path.Combine(Folder, file))))
        {
            var actual = script.Run(input);
            Assert.True(expected == actual.ReplaceLineEndings("\n"), $"{file}\n{input}\n---- expected\n{expected}\n---- actual\n{actual}");
        }
    }

    [Fact]
    public void Apply_TheInput_IsNeverChanged()
    {
        var reducer = new DirectoryReducer();
        var (first, _) = reducer.Apply(DirectoryState.Initial, new Listed(1, 1, [Instance("a", 1)], At(0)));
        var (second, _) = reducer.Apply(first, new Changed(2, [FactChange.Delete(Instance("a", 1).Key, 2)], At(1)));

        Assert.Single(first.Services["orders"].Instances);
        Assert.Empty(second.Services);
    }

    [Fact]
    public void Apply_RandomChanges_LeaveWhatTheRegistryHolds()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var reducer = new DirectoryReducer();
            var registry = new Dictionary<FactKey, RegistryFact>();
            var state = DirectoryState.Initial;
            var seen = new Dictionary<string, HashSet<string>>();
            var now = 0;
            for (var revision = 1; revision < 60; revision++)
            {
                var fact = Instance("i" + random.Next(8), revision, "s" + random.Next(3));
                var change = random.Next(3) == 0 ? FactChange.Delete(fact.Key, revision) : FactChange.Put(fact);
                if (change.Fact is null)
                {
                    registry.Remove(fact.Key);
                }
                else
                {
                    registry[fact.Key] = fact;
                }

                DirectoryEvent happened = random.Next(6) switch
                {
                    0 => new Listed(revision, 1, [.. registry.Values], At(++now)),
                    _ when !state.IsReady => new Listed(revision, 1, [.. registry.Values], At(++now)),
                    _ => new Changed(revision, [change], At(++now)),
                };
                Step(happened);
            }

            Step(new Tick(At(now + 11))); // after every hold

            var expected = registry.Values.OfType<InstanceFact>().Select(fact => $"{fact.Record.Service}/{fact.Record.Id}").Order();
            Assert.Equal(expected, state.Services.SelectMany(service => service.Value.Instances.Keys.Select(id => $"{service.Key}/{id}")).Order());
            Assert.Equal(expected, seen.SelectMany(service => service.Value.Select(id => $"{service.Key}/{id}")).Order());

            void Step(DirectoryEvent happened)
            {
                (state, var effects) = reducer.Apply(state, happened);
                foreach (var changed in effects.OfType<ServiceChanged>())
                {
                    var ids = seen.TryGetValue(changed.Service, out var known) ? known : seen[changed.Service] = [];
                    ids.ExceptWith(changed.Removed);
                    ids.UnionWith(changed.Upserted.Select(record => record.Id));
                }
            }
        }
    }

    [Fact]
    public void Apply_TenThousandInstances_OneChangeCopiesNoList()
    {
        var reducer = new DirectoryReducer();
        var facts = Enumerable.Range(0, 10_000).Select(i => (RegistryFact)Instance("i" + i, 1)).ToImmutableArray();
        var (state, _) = reducer.Apply(DirectoryState.Initial, new Listed(1, 1, facts, At(0)));

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var revision = 2; revision < 1002; revision++)
        {
            (state, _) = reducer.Apply(state, new Changed(revision, [FactChange.Put(Instance("i" + revision, revision))], At(1)));
        }

        // A path in two trees is some KB; a copy of ten thousand entries would be hundreds.
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 1000, 0, 16 * 1024);
    }

    private static InstanceFact Instance(string id, long revision, string service = "orders") =>
        new(new InstanceRecord { Service = service, Id = id, Address = id + ":80" }) { ModRevision = revision };

    private static Moment At(double seconds) =>
        new(TimeSpan.FromSeconds(seconds), new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(seconds));
}
