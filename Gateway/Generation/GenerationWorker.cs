using System.Collections.Concurrent;
using Fairway.Core.Lanes;
using Fairway.Gateway.Directory;
using Fairway.Gateway.Jobs;
using Fairway.Gateway.Streams;
using Fairway.GrainInterfaces.Streams;
using Fairway.Grains.Streams;
using Fairway.Sdk.Lanes;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Generation;

/// <summary>Takes jobs while the process runs; at its stop, lets running ones end for a while and gives the rest back.</summary>
internal sealed class GenerationWorker(
    IJobQueue queue, IGrainFactory grains, IClusterMotion motion, UpstreamModel model, StreamHub readers, GenerationMetrics metrics,
    IOptions<GatewayOptions> gateway, IOptions<JobOptions> jobs, IOptions<StreamOptions> streams, TimeProvider time, ILogger<GenerationWorker> logger) : BackgroundService, IGenerationCanceller
{
    private static readonly TimeSpan RedeliveryDelay = TimeSpan.FromSeconds(1);

    /// <summary>How often models are looked at for silence, see <see cref="Generation.Beat"/>.</summary>
    private static readonly TimeSpan BeatEvery = TimeSpan.FromSeconds(1);

    /// <summary>While no grains move, one in so many looks is taken.</summary>
    private const int BeatsAtRest = 5;

    private readonly ConcurrentDictionary<(string User, long Version), Running> _running = new();
    private readonly SemaphoreSlim _free = new(jobs.Value.MaxConcurrent);
    private readonly CancellationTokenSource _giveUp = new();
    private IGenerationCanceller? _self;
    private ITimer? _beat;
    private int _beats;

    /// <summary>A grain says that nobody wants this answer any more.</summary>
    public async Task Cancel(string user, long version)
    {
        if (_running.TryGetValue((user, version), out var running))
        {
            await running.CancelAsync();
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await Task.WhenAll(_running.Values.Select(running => running.Ended)).WaitAsync(
                TimeSpan.FromSeconds(jobs.Value.DrainSeconds), time, cancellationToken);
        }
        catch (Exception late) when (late is TimeoutException or OperationCanceledException)
        {
            logger.Drained(_running.Count);
        }

        await _giveUp.CancelAsync();
        await Task.WhenAll(_running.Values.Select(running => running.Ended));
    }

    public override void Dispose()
    {
        base.Dispose();
        _beat?.Dispose();
        _giveUp.Dispose();
        _free.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _self = grains.CreateObjectReference<IGenerationCanceller>(this);
        if (motion.MayMove)
        {
            _beat = time.CreateTimer(static state => ((GenerationWorker)state!).Beat(), this, BeatEvery, BeatEvery);
        }

        try
        {
            while (true)
            {
                await _free.WaitAsync(stoppingToken);
                var job = await queue.DequeueAsync(stoppingToken);
                var running = new Running(CancellationTokenSource.CreateLinkedTokenSource(_giveUp.Token));
                _running[(job.User, job.Version)] = running;
                _ = RunAsync(job, running, _self);
            }
        }
        catch (OperationCanceledException)
        {
            // the process stops
        }
    }

    private void Beat()
    {
        if (++_beats % BeatsAtRest == 0 || motion.IsMoving)
        {
            foreach (var (_, running) in _running)
            {
                running.Generation?.Beat();
            }
        }
    }

    private async Task RunAsync(StreamJob job, Running running, IGenerationCanceller canceller)
    {
        metrics.Running(1);
        try
        {
            var isDone = await TryAsync(job, running, canceller);
            await (isDone ? queue.CompleteAsync(job) : AbandonAsync(job));
        }
        catch (Exception failure)
        {
            logger.Abandoned(job.Version, job.Attempt, failure); // the journal is away: the next process finds the job undone
        }
        finally
        {
            // only this delivery's entry: what was given back may be running again
            _running.TryRemove(KeyValuePair.Create((job.User, job.Version), running));
            metrics.Running(-1);
            _free.Release();
            running.End();
        }
    }

    private async Task<bool> TryAsync(StreamJob job, Running running, IGenerationCanceller canceller)
    {
        using var label = LaneContext.Use(LabelText.Read(job.Label));
        var generation = new Generation(
            job, grains.GetGrain<IUserStreamGrain>(job.User), canceller, queue, model, gateway.Value.Id, slice => readers.Show(job.User, slice), streams.Value.MaxBytes, metrics, time, logger);
        running.Generation = generation;
        try
        {
            await generation.RunAsync(running.Token);
            return true;
        }
        catch (OperationCanceledException) when (running.Token.IsCancellationRequested)
        {
            return !_giveUp.IsCancellationRequested;
        }
        catch (Exception failure)
        {
            logger.Abandoned(job.Version, job.Attempt, failure);
            return false;
        }
    }

    private async Task AbandonAsync(StreamJob job)
    {
        metrics.Abandoned();
        if (!_giveUp.IsCancellationRequested)
        {
            await Task.Delay(RedeliveryDelay, time, CancellationToken.None);
        }

        await queue.AbandonAsync(job);
    }

    private sealed class Running(CancellationTokenSource cancellation)
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public CancellationToken Token { get; } = cancellation.Token;

        public Generation? Generation { get; set; }

        /// <summary>Completes when the job was completed or given back.</summary>
        public Task Ended => _ended.Task;

        public async Task CancelAsync()
        {
            try
            {
                await cancellation.CancelAsync();
            }
            catch (ObjectDisposedException)
            {
                // it came to its end meanwhile
            }
        }

        public void End()
        {
            cancellation.Dispose();
            _ended.SetResult();
        }
    }
}
