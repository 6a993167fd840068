using Fairway.Sdk.Registration;
using Microsoft.Extensions.Hosting;

namespace Fairway.Sdk.RabbitMq.Lanes;

/// <summary>
/// Runs a consumer while the service does, for the lane its instance is in: a release that makes the lane base makes the consumer
/// base's, which then finishes what is left of the lane.
/// </summary>
/// <param name="lane">The lane now; null is base.</param>
internal sealed class LaneConsumerHost(Func<string?, LaneConsumer> make, Func<string?> lane, TimeProvider time) : IHostedService, IDrain, IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private LaneConsumer? _consumer;
    private string? _lane;
    private Task _following = Task.CompletedTask;

    /// <summary>The consumer that runs; null before the start.</summary>
    public LaneConsumer? Consumer => _consumer;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        Begin();
        _following = FollowAsync();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await EndFollowingAsync();
        if (_consumer is not null)
        {
            await _consumer.DisposeAsync();
        }
    }

    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        await EndFollowingAsync();
        if (_consumer is not null)
        {
            await _consumer.DrainAsync(cancellationToken);
        }
    }

    public void Dispose() => _stop.Dispose();

    private void Begin()
    {
        _lane = lane();
        _consumer = make(_lane);
        _consumer.Start();
    }

    private async Task EndFollowingAsync()
    {
        await _stop.CancelAsync();
        await _following; // a change of the lane that is under way is finished
    }

    private async Task FollowAsync()
    {
        using var looks = new PeriodicTimer(LookEvery, time);
        try
        {
            while (await looks.WaitForNextTickAsync(_stop.Token))
            {
                if (lane() != _lane)
                {
                    await _consumer!.DisposeAsync();
                    Begin();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // the service stops
        }
    }
}
