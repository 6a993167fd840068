using System.Collections.Concurrent;
using Fairway.Registry;
using Fairway.Registry.Schema;
using Microsoft.Extensions.Options;

namespace Fairway.Exporter.Status;

/// <summary>
/// Puts the boards' news into the registry: one put a service a tick, and at once when a life changed. One put of a service is under
/// way at a time, so that an older one never lands on a newer; what failed is merged into the next tick's.
/// </summary>
internal sealed class StatusPublisher(
    IRegistry registry, ExporterLease lease, IOptions<ExporterOptions> options, TimeProvider time, ExporterMetrics metrics, ILogger<StatusPublisher> logger)
    : BackgroundService
{
    private const int MaxConcurrentPuts = 32;

    // The first mark of many goes at once, the others together: each batch repeats all that are down.
    private static readonly TimeSpan Spacing = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<string, Desk> _desks = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _turns = new(MaxConcurrentPuts);

    public ServiceBoard Board(string service) => DeskOf(service).Board;

    /// <summary>The instance left the registry.</summary>
    public void Forget(string service, string id)
    {
        if (_desks.TryGetValue(service, out var desk))
        {
            desk.Board.Remove(id);
        }
    }

    /// <summary>Puts the news of a service without waiting for the tick.</summary>
    public void PutNow(string service)
    {
        var desk = DeskOf(service);
        desk.Asked = true;
        Start(service, desk);
    }

    /// <summary>Puts everything again: the keys went with a lost lease, or a registry came back that may have forgotten them.</summary>
    public void RestateAll()
    {
        foreach (var (service, desk) in _desks)
        {
            desk.Board.RestateAll();
            PutNow(service);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var ticks = new PeriodicTimer(options.Value.PutInterval, time);
        lease.Regained += RestateAll;
        try
        {
            while (await ticks.WaitForNextTickAsync(stoppingToken))
            {
                foreach (var service in _desks.Keys)
                {
                    PutNow(service);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped; what is not put now goes with the lease.
        }
        finally
        {
            lease.Regained -= RestateAll;
        }
    }

    private Desk DeskOf(string service) => _desks.GetOrAdd(service, static (_, time) => new Desk(new ServiceBoard(time)), time);

    private void Start(string service, Desk desk)
    {
        if (lease.Id != 0 && Interlocked.CompareExchange(ref desk.Busy, 1, 0) == 0)
        {
            _ = RunAsync(service, desk);
        }
    }

    private async Task RunAsync(string service, Desk desk)
    {
        var outcome = PutOutcome.Told;
        while (desk.Asked && outcome != PutOutcome.Failed)
        {
            desk.Asked = false;
            outcome = await PutInTurnAsync(service, desk.Board);
            if (outcome == PutOutcome.Told)
            {
                await Task.Delay(Spacing, time);
            }
        }

        Volatile.Write(ref desk.Busy, 0);
        if (desk.Asked && outcome != PutOutcome.Failed)
        {
            Start(service, desk); // asked between the last look and the release; after a failure the next tick tries again
        }
    }

    private async Task<PutOutcome> PutInTurnAsync(string service, ServiceBoard board)
    {
        await _turns.WaitAsync();
        try
        {
            return await PutAsync(service, board);
        }
        finally
        {
            _turns.Release();
        }
    }

    private async Task<PutOutcome> PutAsync(string service, ServiceBoard board)
    {
        var writes = board.Take();
        for (var i = 0; i < writes.Count; i++)
        {
            try
            {
                await WriteAsync(service, writes[i]);
            }
            catch (RegistryException e)
            {
                foreach (var write in writes.Skip(i))
                {
                    board.GiveBack(write);
                }

                metrics.PutFailed(e.Error);
                Log.PutFailed(logger, service, e.Error, e.Message);
                if (e.Error == RegistryError.LeaseGone)
                {
                    _ = lease.RegisterAsync();
                }

                return PutOutcome.Failed;
            }
        }

        return writes.Count > 0 ? PutOutcome.Told : PutOutcome.NoNews;
    }

    private async Task WriteAsync(string service, ChunkWrite write)
    {
        var key = RegistryKeys.Status(service, options.Value.Id, write.Chunk);
        if (write.Batch is null)
        {
            await registry.DeleteAsync(key);
            return;
        }

        var on = lease.Id;
        if (on == 0)
        {
            throw new RegistryException(RegistryError.LeaseGone, "The lease is lost and not yet regained.");
        }

        var value = StatusCodec.Split(write.Batch).Single(); // a chunk of the board is one of the codec's
        await registry.PutAsync(key, value, on);
        metrics.Put(value.Length);
    }

    private enum PutOutcome
    {
        NoNews,
        Told,
        Failed,
    }

    /// <summary>A service with its board and whether somebody writes for it now.</summary>
    private sealed class Desk(ServiceBoard board)
    {
        public int Busy;
        public volatile bool Asked;

        public ServiceBoard Board => board;
    }
}
