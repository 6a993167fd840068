namespace Fairway.LocalSilo.Tests;

public sealed class FilterTests
{
    [Fact]
    public async Task Filters_AroundACall_RunOutsideIn()
    {
        var probe = new Probe();
        await using var host = await TestHost.StartAsync(silo => silo
            .AddOutgoingGrainCallFilter(context => Around(probe, "out", context))
            .AddIncomingGrainCallFilter(context => Around(probe, "in1", context))
            .AddIncomingGrainCallFilter(context => Around(probe, "in2", context)));

        Assert.Equal(1, await host.Grains.GetGrain<IFailingGrain>("f").One());

        Assert.Equal(["out< One", "in1< One", "in2< One", "in2> 1", "in1> 1", "out> 1"], probe.Events);
    }

    [Fact]
    public async Task Filter_ChangesArgumentAndResult_CallerSeesIt()
    {
        await using var host = await TestHost.StartAsync(silo => silo.AddIncomingGrainCallFilter(async context =>
        {
            if (!IsOurs(context))
            {
                await context.Invoke();
                return;
            }

            context.Request.SetArgument(0, 5);
            await context.Invoke();
            context.Result = (int)context.Result! * 10;
        }));

        Assert.Equal(50, await host.Grains.GetGrain<IWorkGrain>("w").Add(1));
    }

    [Fact]
    public async Task Filter_SetsRequestContext_GrainSeesIt()
    {
        await using var host = await TestHost.StartAsync(silo => silo.AddOutgoingGrainCallFilter(context =>
        {
            RequestContext.Set("label", "by filter");
            return context.Invoke();
        }));

        Assert.Equal("by filter", await host.Grains.GetGrain<IChainGrain>("c").Label());
        Assert.Null(RequestContext.Get("label"));
    }

    [Fact]
    public async Task Filter_Throws_CallerGetsItAndMethodDoesNotRun()
    {
        await using var host = await TestHost.StartAsync(silo => silo.AddIncomingGrainCallFilter(
            context => IsOurs(context) ? throw new RefusedException("by filter") : context.Invoke()));

        await Assert.ThrowsAsync<RefusedException>(() => host.Grains.GetGrain<IFailingGrain>("f").ThrowAtOnce());
    }

    [Fact]
    public async Task Filter_AroundAFailure_SeesIt()
    {
        var probe = new Probe();
        await using var host = await TestHost.StartAsync(silo => silo.AddIncomingGrainCallFilter(async context =>
        {
            try
            {
                await context.Invoke();
            }
            catch (RefusedException refused)
            {
                probe.Note(refused.Message);
                throw;
            }
        }));

        await Assert.ThrowsAsync<RefusedException>(() => host.Grains.GetGrain<IFailingGrain>("f").Refuse("no"));
        Assert.Equal(["no"], probe.Events);
    }

    [Fact]
    public async Task Filter_OfACall_KnowsWhoCallsWhat()
    {
        var probe = new Probe();
        await using var host = await TestHost.StartAsync(silo => silo.AddIncomingGrainCallFilter(context =>
        {
            if (IsOurs(context))
            {
                probe.Note($"{context.InterfaceName}.{context.MethodName} {context.TargetId} {context.ImplementationMethod.DeclaringType!.Name} {context.InterfaceMethod.Name}");
            }

            return context.Invoke();
        }));

        await host.Grains.GetGrain<IFailingGrain>("f").One();

        Assert.EndsWith("IFailingGrain.One failing/f FailingGrain One", Assert.Single(probe.Events), StringComparison.Ordinal);
    }

    /// <summary>Filters see the calls of the engine to its own grains, too: membership, storage.</summary>
    private static bool IsOurs(IGrainCallContext context) => context.InterfaceMethod.DeclaringType!.Assembly == typeof(FilterTests).Assembly;

    private static async Task Around(Probe probe, string name, IGrainCallContext context)
    {
        if (!IsOurs(context))
        {
            await context.Invoke();
            return;
        }

        probe.Note($"{name}< {context.MethodName}");
        await context.Invoke();
        probe.Note($"{name}> {context.Result}");
    }
}
