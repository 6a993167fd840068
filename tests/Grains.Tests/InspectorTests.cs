using Fairway.GrainInterfaces.Directory;
using Fairway.Grains.Tests.Hosting;
using Fairway.Silo;
using Fairway.Silo.Inspection;
using Microsoft.Extensions.DependencyInjection;

namespace Fairway.Grains.Tests;

/// <summary>Run alone: Orleans counts activations once a process, which in a product is one silo.</summary>
[CollectionDefinition(nameof(InspectorTests), DisableParallelization = true)]
[Collection(nameof(InspectorTests))]
public sealed class InspectorTests
{
    [Fact]
    public async Task Inspect_RunningGrains_ByTypeWithTheirRates()
    {
        await using var host = await DirectoryHost.StartAsync();
        await host.CatchUpAsync(await host.Registry.RegisterAsync("orders", "a"));
        await host.CatchUpAsync(await host.Registry.RegisterAsync("payments", "a"));
        for (var call = 0; call < 10; call++)
        {
            await host.Grains.GetGrain<IServiceGrain>("orders").GetSnapshot();
        }

        host.Clock.Advance(TimeSpan.FromSeconds(1));
        var overview = await host.Services.GetRequiredService<IGrainInspector>().InspectAsync();

        Assert.Equal(FairwayEngine.Name, overview.Engine);
        var grains = overview.Silos.Single().Grains.ToDictionary(type => type.Type);
        Assert.Equal(1, grains["RegistryGrain"].Active);
        Assert.Equal(2, grains["ServiceGrain"].Active);
        Assert.InRange(grains["ServiceGrain"].CallsPerSecond!.Value, 2.0, 10.0);
    }

    [Fact]
    public void CallRates_CallsOlderThanTheWindow_AreForgotten()
    {
        var clock = new Testing.ManualClock();
        var rates = new CallRates(new GrainClock(clock));
        rates.Count(typeof(string));
        rates.Count(typeof(string));
        Assert.Equal(0, rates.Read()["String"]);

        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2.0 / CallRates.WindowSeconds, rates.Read()["String"]);

        clock.Advance(TimeSpan.FromSeconds(CallRates.WindowSeconds));
        Assert.Equal(0, rates.Read()["String"]);
    }
}
