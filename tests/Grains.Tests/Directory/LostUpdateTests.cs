using Fairway.GrainInterfaces.Directory;
using Fairway.Grains.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Fairway.Grains.Tests.Directory;

public sealed class LostUpdateTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Apply_Fails_IsMadeGoodByThePullAfterIt(bool afterItRan)
    {
        var fault = new ApplyFault { AfterItRan = afterItRan };
        await using var host = await DirectoryHost.StartAsync(builder => builder.Services.AddSingleton<IIncomingGrainCallFilter>(fault));
        var gateway = await host.SubscribeAsync();
        await host.CatchUpAsync(await host.Registry.RegisterAsync("orders", "a"));

        fault.Failures = 2;
        await host.Registry.RegisterAsync("orders", "b");

        await host.UntilAsTimePasses(async () => (await host.RenewAsync(gateway)).Services.Single().Sequence == gateway.Snapshot("orders")?.Sequence
            && gateway.Ranked("orders").Count == 2 && fault.Failures == 0);
    }

    [Fact]
    public async Task Apply_OneServiceFails_TheOthersAreToldAtOnce()
    {
        var fault = new ApplyFault();
        await using var host = await DirectoryHost.StartAsync(builder => builder.Services.AddSingleton<IIncomingGrainCallFilter>(fault));
        var gateway = await host.SubscribeAsync();

        fault.Failures = 1;
        await host.Registry.RegisterAsync("broken", "a");
        await DirectoryHost.Until(() => fault.Failures == 0);
        await host.CatchUpAsync(await host.Registry.RegisterAsync("orders", "a"));

        await DirectoryHost.Until(() => gateway.Snapshot("orders") is not null);
    }

    /// <summary>Fails some calls of <see cref="IServiceGrain.Apply"/>: they never arrive, or their answer is lost.</summary>
    private sealed class ApplyFault : IIncomingGrainCallFilter
    {
        private int _failures;

        public bool AfterItRan { get; init; }

        public int Failures
        {
            get => Volatile.Read(ref _failures);
            set => Volatile.Write(ref _failures, value);
        }

        public async Task Invoke(IIncomingGrainCallContext context)
        {
            var fails = context.MethodName == nameof(IServiceGrain.Apply) && Failures > 0;
            if (!fails || AfterItRan)
            {
                await context.Invoke();
            }

            if (fails)
            {
                Interlocked.Decrement(ref _failures);
                throw new InvalidOperationException("lost");
            }
        }
    }
}
