using System.Diagnostics.Metrics;
using Fairway.Core.Directory;
using Fairway.Core.Scoring;
using Fairway.Core.Time;
using Fairway.Grains.Directory;
using Fairway.Grains.Tests.Hosting;
using Fairway.Registry;
using Fairway.Registry.Schema;
using Fairway.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fairway.Grains.Tests.Faults;

/// <summary>
/// One random life of a registry with its faults, read by <see cref="RegistryWatcher"/> and by the directory, each held against
/// its model after every event. The seed makes it: what it did can be done again.
/// </summary>
internal sealed class FaultSequence
{
    private static readonly string[] Pillars = ["stone/p1", "stone/p2", "stone/p3"];
    private static readonly string[] Services = ["orders", "payments", "stone"];
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    private readonly Random _random;
    private readonly ManualClock _clock = new();
    private readonly TurnPump _pump = new();
    private readonly FaultyCluster _cluster;
    private readonly RawModel _raw;
    private readonly DirectoryModel _directory;
    private readonly List<int> _backups = [];
    private readonly CancellationTokenSource _stop = new();
    private Exception? _failure;
    private ulong _clusters = 1;
    private int _values;

    private FaultSequence(int seed)
    {
        _random = new Random(seed);
        _cluster = new FaultyCluster(_clock, new Random(seed + 1));
        _raw = new RawModel(_cluster, RegistryKeys.Prefix);
        _directory = new DirectoryModel(_cluster, Pillars);
    }

    /// <summary>What happened, so that a run of many can tell whether it tried everything.</summary>
    public Dictionary<string, int> Counts { get; } = [];

    /// <exception cref="FaultSequenceException">Some rule did not hold; the message has the seed.</exception>
    public static FaultSequence Run(int seed)
    {
        var sequence = new FaultSequence(seed);
        try
        {
            sequence.Run();
        }
        catch (Exception e)
        {
            throw new FaultSequenceException($"Fault sequence {seed} (FaultSequence.Run({seed})): {e.Message}", e);
        }
        finally
        {
            sequence._pump.Run(sequence._stop.Cancel);
            sequence._cluster.Dispose();
            sequence._stop.Dispose();
        }

        return sequence;
    }

    private void Run()
    {
        Write([.. Pillars.Select(Registration)]);
        _backups.Add(_cluster.Log.Count);
        if (Chance(3))
        {
            Count("startup away");
            _cluster.Kill();
        }

        if (Chance(2))
        {
            Count("startup race");
            _cluster.AfterListing = () =>
            {
                WriteSome();
                if (Chance(2))
                {
                    _cluster.Compact(_cluster.Revision);
                }
            };
        }

        var readers = new List<Task>();
        _pump.Run(() =>
        {
            readers.Add(FollowAsync(Watcher().ReadAsync(_stop.Token), _raw.Take));
            readers.Add(FollowAsync(Source().ReadAsync(_stop.Token), _directory.Take));
        });
        var steps = _random.Next(15, 45);
        for (var step = 0; step < steps; step++)
        {
            Step(Act);
            Pass(TimeSpan.FromMilliseconds(_random.Next(0, Chance(6) ? 6000 : 700)));
        }

        // All faults end, and what was held had its time.
        _cluster.IsCalm = true;
        Step(_cluster.Start);
        Pass(TimeSpan.FromSeconds(25));
        _raw.IsCaughtUp();
        _directory.IsCaughtUp();
        Assert.DoesNotContain(readers, reader => reader.IsCompleted);
        Counts["restored"] = _directory.Epochs;
        Counts["restored, revision passed"] = _raw.RestoredUnseen;
        Counts["held"] = _directory.Held;
        Counts["listed again"] = Math.Max(0, _raw.Listings - 1);
        Counts["lost"] = _raw.Lost;
    }

    private void Act()
    {
        switch (_random.Next(20))
        {
            case 0:
                Count("kill");
                _cluster.Kill();
                break;
            case 1 or 2 or 3:
                _cluster.Start();
                break;
            case 4:
                Count("compaction");
                _cluster.Compact(Chance(2) ? _cluster.Revision : _random.NextInt64(2, _cluster.Revision + 1));
                break;
            case 5:
                Count("silence");
                _cluster.FallSilent();
                break;
            case 6:
                Count("member loss");
                WriteSome();
                _cluster.LoseMember();
                break;
            case 7:
                Restore();
                break;
            case 8:
                _backups.Add(_cluster.Log.Count);
                break;
            case 9:
                Count("mass death");
                var doomed = Standing(RegistryKeys.Instances).Where(key => !Pillars.Any(pillar => key.EndsWith(pillar, StringComparison.Ordinal))).ToList();
                if (doomed.Count > 0)
                {
                    Write([.. doomed.Select(key => (key, (byte[]?)null))]);
                }

                break;
            default:
                WriteSome();
                break;
        }
    }

    private void Restore()
    {
        Count("restore");
        _cluster.Kill();
        var writes = _backups[_random.Next(_backups.Count)];
        _backups.RemoveAll(backup => backup > writes);
        _cluster.Restore(writes, Chance(4) ? ++_clusters : _cluster.ClusterId);
        for (var i = _random.Next(0, 12); i > 0; i--)
        {
            WriteSome(); // before any reader is back: revisions seen before come again, with other writes
        }

        if (Chance(2))
        {
            _cluster.Start();
        }
    }

    private void WriteSome()
    {
        var changes = new Dictionary<string, byte[]?>();
        for (var i = _random.Next(1, 4); i > 0; i--)
        {
            var (key, value) = Change();
            changes[key] = value;
        }

        Write([.. changes.Where(change => change.Value is not null || Standing(change.Key).Any()).Select(change => (change.Key, change.Value))]);
    }

    private (string Key, byte[]? Value) Change()
    {
        var service = Services[_random.Next(Services.Length)];
        var id = $"i{_random.Next(6)}";
        return _random.Next(12) switch
        {
            < 4 => Registration($"{service}/{id}"),
            < 6 => (RegistryKeys.Instance(service, id), null),
            < 8 => (RegistryKeys.Status(service, $"exporter-{_random.Next(2)}", _random.Next(2)), Status(id)),
            8 => (RegistryKeys.Policy(service), Chance(3) ? null : PolicyCodec.Encode(new ServicePolicy { Author = "op", Reason = Unique() })),
            9 => (RegistryKeys.Offline("10.0.0.1:" + _random.Next(1, 4)),
                Chance(3) ? null : OperatorCodec.Encode(new OfflineMark("10.0.0.1:1", "op", Unique(), null))),
            10 => (RegistryKeys.Instance(service, id), System.Text.Encoding.UTF8.GetBytes("garbage " + Unique())),
            _ => (Chance(2) ? "/elsewhere/" + id : RegistryKeys.Configs + "some/" + id, System.Text.Encoding.UTF8.GetBytes(Unique())),
        };
    }

    private (string Key, byte[]? Value) Registration(string name)
    {
        var (service, id) = (name.Split('/')[0], name.Split('/')[1]);
        return (RegistryKeys.Instance(service, id), InstanceCodec.Encode(Writes.Instance(service, id, $"10.0.0.1:{(++_values % 60000) + 1}")));
    }

    private byte[] Status(string id) => StatusCodec.Split(new StatusBatch([
        new InstanceStatus { Id = id, Life = Life.Up, Sample = new LoadSample(0.1, 0.1, 1, ++_values, 1, 0), ReportInterval = TimeSpan.FromSeconds(1) },
    ]))[0];

    private string Unique() => $"value {++_values}";

    private IEnumerable<string> Standing(string prefix) =>
        FaultyCluster.At(_cluster.Log, _cluster.Revision).Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal));

    private void Write(params (string Key, byte[]? Value)[] changes)
    {
        if (changes.Length > 0)
        {
            _cluster.Put(changes);
        }
    }

    private bool Chance(int oneIn) => _random.Next(oneIn) == 0;

    private void Count(string what) => Counts[what] = Counts.GetValueOrDefault(what) + 1;

    /// <summary>The directory's grain looks at the time four times a second.</summary>
    private void Pass(TimeSpan span)
    {
        for (var passed = TimeSpan.Zero; passed < span; passed += Tick)
        {
            Step(() => _clock.Advance(Tick));
            Step(() => _directory.Take(new Tick(Moment.Now(_clock))));
        }
    }

    private void Step(Action action)
    {
        _pump.Run(action);
        if (_failure is { } failure)
        {
            throw failure;
        }
    }

    private async Task FollowAsync<T>(IAsyncEnumerable<T> events, Action<T> take)
    {
        try
        {
            await foreach (var happened in events)
            {
                take(happened);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The sequence is over.
        }
        catch (Exception e)
        {
            _failure ??= e;
        }
    }

    private RegistryWatcherOptions Options() => new() { Random = new Random(_random.Next()) };

    private RegistryWatcher Watcher() => new(_cluster, RegistryKeys.Prefix, _clock, options: Options());

    private DirectorySource Source() => new(
        _cluster, new GrainClock(_clock), Metrics.Value, NullLoggerFactory.Instance, options: Options());

    private static readonly Lazy<DirectoryMetrics> Metrics = new(() =>
        new DirectoryMetrics(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>()));
}

internal sealed class FaultSequenceException(string message, Exception inner) : Exception(message, inner);
