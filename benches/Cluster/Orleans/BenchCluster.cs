using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Fairway.Core.Directory;
using Fairway.GrainInterfaces.Directory;
using Fairway.GrainInterfaces.Streams;
using Fairway.GrainInterfaces.Wire;
using Fairway.Product;
using Fairway.Registry;
using Fairway.Registry.Membership;
using Fairway.Registry.Schema;
using Fairway.Silo;
using Fairway.Testing;

namespace Fairway.Cluster;

/// <summary>An etcd, Gateways with a silo inside, and this process as a client of theirs.</summary>
internal sealed class BenchCluster : IAsyncDisposable
{
    private const int Services = 32;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly EtcdServer _etcd;
    private readonly TempFolder _data = new();
    private readonly HttpClient _http = new() { Timeout = Patience };
    private readonly List<(RealProcess Process, Uri Url, int Port)> _silos = [];
    private RealProcess? _model;
    private IHost? _client;

    private BenchCluster(EtcdServer etcd) => _etcd = etcd;

    private IClusterClient Grains => _client!.Services.GetRequiredService<IClusterClient>();

    private IRegistry Registry => _client!.Services.GetRequiredService<IRegistry>();

    public static async Task<BenchCluster> StartAsync(int silos)
    {
        var cluster = new BenchCluster(await EtcdServer.StartAsync());
        (cluster._model, var model) = await ProductProcess.StartAsync("Model");
        for (var i = 0; i < silos; i++)
        {
            var port = FreePort.Next();
            var (process, url) = await ProductProcess.StartAsync(
                "Gateway", "--port", "0", "--etcd", cluster.EtcdUrl, "--data", cluster._data[$"gateway-{i}"], "--admin-key", ProductProcess.AdminKey,
                $"--Engine:SiloPort={port}", "--jwt-secret", BenchReader.Secret, $"--Models:demo:BaseUrl={model}v1");
            cluster._silos.Add((process, url, port));
        }

        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection([KeyValuePair.Create<string, string?>("Registry:Etcd:Endpoints", cluster.EtcdUrl)]);
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Critical));
        builder.Services.AddRegistry(builder.Configuration);
        builder.AddFairwayEngine(engine => engine.Client = true);
        cluster._client = builder.Build();
        await cluster._client.StartAsync();
        for (var service = 0; service < Services; service++)
        {
            await cluster.RegisterAsync($"s{service}", 0);
        }

        await Eventually.TrueAsync(async () => await cluster.Grains.GetGrain<IServiceGrain>($"s{Services - 1}").GetSnapshot() is { Instances.Length: > 0 }, TimeSpan.FromMinutes(1));
        return cluster;
    }

    public double[] ProcessorSeconds() => [.. _silos.Select(silo =>
    {
        using var process = Process.GetProcessById(silo.Process.Pid);
        return process.TotalProcessorTime.TotalSeconds;
    })];

    /// <summary>Reads a second over HTTP, of all Gateways together.</summary>
    public async Task<double> ReadAsync(int seconds)
    {
        var wrk = RealProcess.Find("wrk", "wrk");
        var reads = await Task.WhenAll(_silos.Select(async silo =>
        {
            await using var process = RealProcess.Start(new RealProcessStart(
                wrk, "-t1", $"-c{48 / _silos.Count}", $"-d{seconds}s", new Uri(silo.Url, "/v1/services/s0/best").ToString()));
            await process.WaitForExitAsync(TimeSpan.FromSeconds(seconds + 30));
            var line = process.Output.Split('\n').First(text => text.StartsWith("Requests/sec:", StringComparison.Ordinal));
            return double.Parse(line["Requests/sec:".Length..], CultureInfo.InvariantCulture);
        }));
        return reads.Sum();
    }

    /// <summary>Calls that were answered in that time.</summary>
    public async Task<double> CallAsync(int callers, TimeSpan time)
    {
        var until = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        var counts = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            var grain = Grains.GetGrain<IServiceGrain>($"s{caller % Services}");
            var calls = 0;
            for (; Stopwatch.GetTimestamp() < until; calls++)
            {
                await grain.GetSnapshot();
            }

            return calls;
        })));
        return counts.Sum();
    }

    /// <summary>Milliseconds from a change of the registry until the last of so many observers knows it, sorted.</summary>
    public async Task<List<double>> FanOutAsync(int gateways, int changes)
    {
        var directory = Grains.GetGrain<IRegistryGrain>(GrainKeys.Registry);
        var observers = Enumerable.Range(0, gateways).Select(_ => new Watcher()).ToList();
        var references = observers.Select(observer => Grains.CreateObjectReference<IDirectoryObserver>(observer)).ToList();
        for (var i = 0; i < gateways; i++)
        {
            await directory.Renew($"bench-{gateways}-{i}", references[i]);
        }

        var times = new List<double>();
        for (var change = 1; change <= changes; change++)
        {
            var address = $"10.{gateways}.{change / 200}.{change % 200 + 1}:80";
            var seen = observers.Select(observer => observer.WaitAsync(address)).ToList();
            var began = Stopwatch.GetTimestamp();
            await RegisterAsync("s1", change, address);
            await Task.WhenAll(seen).WaitAsync(TimeSpan.FromSeconds(30));
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        for (var i = 0; i < gateways; i++)
        {
            await directory.Leave($"bench-{gateways}-{i}");
        }

        GC.KeepAlive(observers);
        times.Sort();
        return times;
    }

    /// <summary>A silo comes and goes: until all others see it, in milliseconds, and how often the table changed.</summary>
    public async Task<(double Join, double Leave, double Writes)> ChangeAsync()
    {
        var table = new EtcdMembershipStore(Registry, "fairway");
        var version = (await table.ReadAllAsync()).Version;
        var began = Stopwatch.GetTimestamp();
        var (silo, _) = await ProductProcess.StartAsync("Silo", "--port", "0", "--etcd", EtcdUrl);
        await using var process = silo;
        await SeenAsync(_silos.Count + 1);
        var join = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        began = Stopwatch.GetTimestamp();
        var stopped = silo.StopAsync(TimeSpan.FromSeconds(60));
        await SeenAsync(_silos.Count);
        var leave = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        await stopped;
        return (join, leave, (await table.ReadAllAsync()).Version - version);
    }

    /// <summary>
    /// Kills a silo of three: the one that holds a grain of the directory, the grain of an answer whose worker and reader are with the two
    /// others, and both grain and worker of another answer.
    /// </summary>
    public async Task<Death> KillAsync()
    {
        var grain = Grains.GetGrain<IServiceGrain>("s0");
        await grain.GetSnapshot();
        var victim = _silos[await HolderAsync(grain)];
        var others = _silos.Where(silo => silo != victim).ToList();
        var (moved, moving) = await BeginAsync("moved", victim, worker: others[0].Url, reader: others[1].Url);
        var (lost, losing) = await BeginAsync("lost", victim, worker: victim.Url, reader: others[1].Url);

        var began = Stopwatch.GetTimestamp();
        victim.Process.Kill();
        var gone = UntilAsync(began, async () => (await Task.WhenAll(others.Select(silo => ActiveAsync(silo.Url)))).All(active => active == 2));
        var answers = UntilAsync(began, async () => await grain.GetSnapshot() is { Instances.Length: > 0 });
        await Task.WhenAll(gone, answers);
        var ends = await Task.WhenAll(moving, losing).WaitAsync(Patience);
        return new Death(
            await gone, await answers, ends[0] == "stop" ? moved.UntilResumed(began) : double.NaN, ends[1] == "error" ? lost.UntilEnded(began) : double.NaN);
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is not null)
        {
            await _client.StopAsync();
            _client.Dispose();
        }

        await Task.WhenAll(_silos.Select(silo => silo.Process.DisposeAsync().AsTask()));
        if (_model is not null)
        {
            await _model.DisposeAsync();
        }

        _http.Dispose();
        await _etcd.DisposeAsync();
        _data.Dispose();
    }

    private string EtcdUrl => _etcd.Endpoint.GetLeftPart(UriPartial.Authority);

    private Task<long> RegisterAsync(string service, int change, string address = "10.0.0.1:80") => Registry.PutAsync(
        RegistryKeys.Instance(service, "a"),
        InstanceCodec.Encode(new InstanceRecord { Service = service, Id = "a", Address = address, Probe = Probes.None, Version = $"{change}" }));

    private async Task SeenAsync(int silos)
    {
        foreach (var (_, url, _) in _silos)
        {
            await Eventually.TrueAsync(async () => await ActiveAsync(url) == silos, Patience);
        }
    }

    /// <summary>How many silos this one holds for active.</summary>
    private async Task<int> ActiveAsync(Uri url)
    {
        const string Figure = "fairway_cluster_silos{state=\"Active\"} ";
        var line = (await _http.GetStringAsync(new Uri(url, "/metrics"))).Split('\n').FirstOrDefault(text => text.StartsWith(Figure, StringComparison.Ordinal));
        return line is null ? 0 : int.Parse(line[Figure.Length..], CultureInfo.InvariantCulture);
    }

    private async Task<int> HolderAsync(IAddressable grain)
    {
        var holder = await Grains.GetGrain<IManagementGrain>(0).GetActivationAddress(grain);
        return _silos.FindIndex(silo => silo.Port == holder?.Endpoint.Port);
    }

    /// <summary>An answer under way whose grain the engine put into this silo; users are tried until it does.</summary>
    private async Task<(BenchReader Reader, Task<string> Ended)> BeginAsync(
        string name, (RealProcess Process, Uri Url, int Port) holder, Uri worker, Uri reader)
    {
        for (var user = 0; user < 100; user++)
        {
            var one = new BenchReader($"{name}-{user}");
            var grain = Grains.GetGrain<IUserStreamGrain>(one.User);
            await grain.Current("main");
            if (_silos[await HolderAsync(grain)] != holder)
            {
                continue;
            }

            var version = await one.AskAsync(_http, worker, tokens: 600, perSecond: 20);
            var ended = one.ReadAsync(_http, reader, version);
            await Eventually.True(() => one.Count > 10, Patience);
            return (one, ended);
        }

        throw new InvalidOperationException("No grain of 100 was placed there.");
    }

    private static async Task<double> UntilAsync(long began, Func<Task<bool>> isSo)
    {
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    return await isSo();
                }
                catch (Exception away) when (away is OrleansException or TimeoutException)
                {
                    return false;
                }
            },
            Patience);
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    private sealed class Watcher : IDirectoryObserver
    {
        private readonly ConcurrentDictionary<string, TaskCompletionSource> _waiting = new();

        public Task WaitAsync(string address) => _waiting.GetOrAdd(address, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

        public Task ServiceChanged(ServiceSnapshotWire snapshot)
        {
            foreach (var instance in snapshot.Instances)
            {
                if (_waiting.TryGetValue(instance.Address, out var waiter))
                {
                    waiter.TrySetResult();
                }
            }

            return Task.CompletedTask;
        }

        public Task ServiceRemoved(string service, string epoch, long sequence) => Task.CompletedTask;

        public Task TablesChanged(DirectoryTablesWire tables) => Task.CompletedTask;

        public Task DirectoryStateChanged(DirectoryStateWire state) => Task.CompletedTask;
    }
}

/// <summary>What the death of a silo costs, in milliseconds from its <c>kill -9</c>; not a number where it came out otherwise.</summary>
/// <param name="Out">Until all others hold it for dead.</param>
/// <param name="Answer">Until a grain that it held answers.</param>
/// <param name="Resumed">Until the reader of an answer whose grain it held has the next frame.</param>
/// <param name="Ended">Until the reader of an answer whose grain and worker it held has the end.</param>
internal readonly record struct Death(double Out, double Answer, double Resumed, double Ended);
