namespace Fairway.LocalSilo.Tests;

/// <summary>
/// What LocalSilo promises beyond Orleans: a cancellation follows its call to the next activation. Orleans tells only the
/// activation that the caller knew; under this load some of its activations then answered nobody for as long as the test ran.
/// </summary>
public sealed class StressTests
{
    [Fact]
    public async Task Calls_WhileActivationsEndAndCallersGiveUp_AreAllAnsweredOnce()
    {
        await using var host = await TestHost.StartAsync(silo => silo.Configure<Orleans.Configuration.SiloMessagingOptions>(options => options.MaxForwardCount = 255));
        var grains = Enumerable.Range(0, 8).Select(key => host.Grains.GetGrain<IWorkGrain>($"g{key}")).ToArray();

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 32).Select(caller => Task.Run(() => CallAsync(host.Probe, grains, caller))))
            .WaitAsync(TimeSpan.FromSeconds(40));

        Assert.Equal(32 * 200, outcomes.Sum(outcome => outcome.Answered + outcome.Cancelled));
        Assert.True(outcomes.Sum(outcome => outcome.Cancelled) > 0);
        var ons = host.Probe.Events.Where(what => what.EndsWith(" on", StringComparison.Ordinal)).CountBy(what => what[..2]);
        var offs = host.Probe.Events.Where(what => what.Contains(" off ", StringComparison.Ordinal)).CountBy(what => what[..2]).ToDictionary();
        Assert.All(ons, on => Assert.InRange(on.Value - offs.GetValueOrDefault(on.Key), 0, 1));
    }

    private static async Task<(int Answered, int Cancelled)> CallAsync(Probe probe, IWorkGrain[] grains, int caller)
    {
        var random = new Random(caller);
        var (answered, cancelled) = (0, 0);
        for (var call = 0; call < 200; call++)
        {
            var grain = grains[random.Next(grains.Length)];
            using var source = new CancellationTokenSource();
            var gate = $"gate {caller} {call}";
            try
            {
                switch (random.Next(10))
                {
                    case 0:
                        await grain.End();
                        break;
                    case 1:
                        var held = grain.CancellableWork(gate, source.Token);
                        await Task.Yield();
                        await source.CancelAsync();
                        await held;
                        break;
                    default:
                        await grain.YieldAdd(random.Next(3));
                        break;
                }

                answered++;
            }
            catch (OperationCanceledException)
            {
                cancelled++;
                probe.Open(gate); // Orleans tells the activation the caller knew, not one that the call was handed on to
            }
        }

        return (answered, cancelled);
    }
}
