using Fairway.Core.Directory;
using Fairway.Core.Scoring;
using Fairway.Registry;
using Fairway.Registry.Schema;

namespace Fairway.Load;

/// <summary>
/// Registers instances and puts what an exporter would put of them: each second one batch a service, in which every instance
/// has a new sample, and at once a batch when one goes down or comes back.
/// </summary>
internal sealed class StatusWriter(IRegistry registry, int services, int instances)
{
    private const string Exporter = "bench";
    private const int Parallel = 16;

    private readonly bool[] _down = new bool[services];
    private readonly SemaphoreSlim[] _turns = [.. Enumerable.Range(0, services).Select(_ => new SemaphoreSlim(1))];
    private long _puts;
    private long _bytes;
    private long _ticks;

    public long Puts => Volatile.Read(ref _puts);

    public long PutBytes => Volatile.Read(ref _bytes);

    public long Ticks => Volatile.Read(ref _ticks);

    public static string Service(int service) => $"service-{service:000}";

    public static string Id(int service, int instance) => $"s{service:000}-{instance:0000}";

    /// <summary>Whether the first instance of the service was last put as down.</summary>
    public bool IsDown(int service) => _down[service];

    public async Task RegisterAsync()
    {
        await registry.PutAsync(RegistryKeys.Exporter(Exporter), OperatorCodec.Encode(new Member(Exporter, "127.0.0.1:1", "0.0.0")));
        await Each(services * instances, async index =>
        {
            var (service, instance) = (index / instances, index % instances);
            var record = new InstanceRecord
            {
                Service = Service(service),
                Id = Id(service, instance),
                Address = $"10.{service}.{instance / 250}.{1 + instance % 250}:8080",
                Probe = Probes.Orca,
                Zone = "a",
                Version = "1.0",
            };
            await registry.PutAsync(RegistryKeys.Instance(record.Service, record.Id), InstanceCodec.Encode(record));
        });
        await Each(services, service => PutAsync(service));
    }

    /// <summary>Puts all services each second until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), TimeProvider.System);
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            await Each(services, service => PutAsync(service));
            Interlocked.Increment(ref _ticks);
        }
    }

    /// <summary>Says that the first instance of the service went down or came back.</summary>
    public Task ChangeAsync(int service, bool down)
    {
        _down[service] = down;
        return PutAsync(service, only: 1);
    }

    private static Task Each(int count, Func<int, Task> body) =>
        System.Threading.Tasks.Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = Parallel }, async (index, _) => await body(index));

    private async Task PutAsync(int service, int? only = null)
    {
        // One put after the other, as an exporter does: the later one is the truth.
        await _turns[service].WaitAsync();
        try
        {
            var batch = new StatusBatch([.. Enumerable.Range(0, only ?? instances).Select(instance => Status(service, instance))]);
            var chunks = StatusCodec.Split(batch);
            for (var chunk = 0; chunk < chunks.Count; chunk++)
            {
                await registry.PutAsync(RegistryKeys.Status(Service(service), Exporter, chunk), chunks[chunk]);
                Interlocked.Add(ref _bytes, chunks[chunk].Length);
                if (only is null)
                {
                    Interlocked.Increment(ref _puts);
                }
            }
        }
        finally
        {
            _turns[service].Release();
        }
    }

    private InstanceStatus Status(int service, int instance)
    {
        var isDown = instance == 0 && _down[service];
        return new InstanceStatus
        {
            Id = Id(service, instance),
            Life = isDown ? Life.Down : Life.Up,
            DownReason = isDown ? "bench" : null,
            Sample = isDown ? null : new LoadSample(0.25 + Noise(0.05), 0.5, 3, 20 + Noise(3), 80 + Noise(8), 0),
            ReportInterval = TimeSpan.FromSeconds(1),
        };

        static double Noise(double scale) => scale * (2 * Random.Shared.NextDouble() - 1);
    }
}
