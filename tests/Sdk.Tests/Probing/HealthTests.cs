using Fairway.GrpcWire;
using Fairway.GrpcWire.Health;
using Fairway.Sdk.Probing;
using Microsoft.Extensions.DependencyInjection;
using static Fairway.GrpcWire.Health.HealthCheckResponse.Types;

namespace Fairway.Sdk.Tests.Probing;

public sealed class HealthTests
{
    [Theory]
    [InlineData("")]
    [InlineData("orders")]
    public async Task Check_KnownService_IsServing(string service)
    {
        await using var host = await ServiceHost.StartAsync();
        using var probe = host.Probe();

        Assert.Equal(ServingStatus.Serving, (await CheckAsync(probe, service)).Status);
        host.App.Services.GetRequiredService<FairwayHealth>().Serving = false;
        Assert.Equal(ServingStatus.NotServing, (await CheckAsync(probe, service)).Status);
    }

    [Fact]
    public async Task Check_UnknownService_IsNotFound()
    {
        await using var host = await ServiceHost.StartAsync();
        using var probe = host.Probe();

        var refused = await Assert.ThrowsAsync<GrpcException>(() => CheckAsync(probe, "payments"));

        Assert.Equal(GrpcStatus.NotFound, refused.Status);
    }

    [Fact]
    public async Task Watch_StatusChanges_TellsEach()
    {
        await using var host = await ServiceHost.StartAsync();
        using var probe = host.Probe();
        var health = host.App.Services.GetRequiredService<FairwayHealth>();
        await using var watch = probe.ServerStreaming(WellKnown.HealthWatch, new HealthCheckRequest()).GetAsyncEnumerator();

        Assert.Equal(ServingStatus.Serving, await NextAsync(watch));
        health.Serving = false;
        Assert.Equal(ServingStatus.NotServing, await NextAsync(watch));
        health.Serving = true;
        Assert.Equal(ServingStatus.Serving, await NextAsync(watch));
    }

    [Fact]
    public async Task Watch_UnknownService_IsToldSoAndStaysOpen()
    {
        await using var host = await ServiceHost.StartAsync();
        using var probe = host.Probe();
        await using var watch = probe.ServerStreaming(WellKnown.HealthWatch, new HealthCheckRequest { Service = "x" }).GetAsyncEnumerator();

        Assert.Equal(ServingStatus.ServiceUnknown, await NextAsync(watch));
        var next = watch.MoveNextAsync().AsTask();
        await CheckAsync(probe, "");
        Assert.False(next.IsCompleted);
        await host.App.StopAsync();
        Assert.False(await next.WaitAsync(TimeSpan.FromSeconds(10))); // ended with OK
    }

    private static Task<HealthCheckResponse> CheckAsync(GrpcChannel probe, string service) =>
        probe.UnaryAsync(WellKnown.HealthCheck, new HealthCheckRequest { Service = service });

    private static async Task<ServingStatus> NextAsync(IAsyncEnumerator<HealthCheckResponse> watch)
    {
        Assert.True(await watch.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10)));
        return watch.Current.Status;
    }
}
