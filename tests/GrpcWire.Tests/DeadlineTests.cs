using Fairway.GrpcWire.Tests.Messages;
using Fairway.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Fairway.GrpcWire.Tests;

public sealed class DeadlineTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task UnaryAsync_ClientsClockPassesTheDeadline_EndsThere()
    {
        var clock = new ManualClock();
        var arrived = new TaskCompletionSource();
        await using var server = await RawServer.StartAsync(async http =>
        {
            arrived.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted);
        });
        using var channel = new GrpcChannel(server.Address, new GrpcChannelOptions { Time = clock });
        var call = channel.UnaryAsync(Echo.Unary, new Text(), new GrpcCallOptions { Deadline = TimeSpan.FromHours(1) });
        await arrived.Task.WaitAsync(Soon);

        clock.Advance(TimeSpan.FromMinutes(59));
        Assert.False(call.IsCompleted);
        clock.Advance(TimeSpan.FromMinutes(1));

        var e = await Assert.ThrowsAsync<GrpcException>(() => call.WaitAsync(Soon));
        Assert.Equal(GrpcStatus.DeadlineExceeded, e.Status);
        Assert.Equal(0, clock.PendingTimers);
    }

    [Fact]
    public async Task UnaryAsync_Ended_LeavesNoTimer()
    {
        var clock = new ManualClock();
        await using var server = await TestServer.StartAsync(app => app.MapGrpcUnary(Echo.Unary, (r, _) => Task.FromResult(r)));
        using var channel = new GrpcChannel(server.Address, new GrpcChannelOptions { Time = clock });

        await channel.UnaryAsync(Echo.Unary, new Text(), new GrpcCallOptions { Deadline = TimeSpan.FromSeconds(5) });

        Assert.Equal(0, clock.PendingTimers);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public async Task UnaryAsync_DeadlineAlreadyPast_NothingIsSent(int seconds)
    {
        using var channel = new GrpcChannel(new Uri($"http://127.0.0.1:{FreePort.Next()}"));

        var e = await Assert.ThrowsAsync<GrpcException>(() => channel.UnaryAsync(
            Echo.Unary, new Text(), new GrpcCallOptions { Deadline = TimeSpan.FromSeconds(seconds) }));

        Assert.Equal(GrpcStatus.DeadlineExceeded, e.Status);
    }

    [Fact]
    public async Task ServerStreaming_DeadlineAmidTheStream_EndsIt()
    {
        var clock = new ManualClock();
        await using var server = await TestServer.StartAsync(app =>
            app.MapGrpcServerStreaming(Echo.Many, async (request, output, context) =>
            {
                await output.WriteAsync(request);
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.Cancellation);
            }));
        using var channel = new GrpcChannel(server.Address, new GrpcChannelOptions { Time = clock });
        var options = new GrpcCallOptions { Deadline = TimeSpan.FromMinutes(1) };
        await using var messages = channel.ServerStreaming(Echo.Many, new Text(), options).GetAsyncEnumerator();

        Assert.True(await messages.MoveNextAsync());
        var waiting = messages.MoveNextAsync().AsTask();
        clock.Advance(TimeSpan.FromMinutes(1));
        var e = await Assert.ThrowsAsync<GrpcException>(() => waiting.WaitAsync(Soon));

        Assert.Equal(GrpcStatus.DeadlineExceeded, e.Status);
    }

    [Fact]
    public async Task Handler_ServersClockPassesTheDeadline_StatusIsSentThoughTheHandlerRunsOn()
    {
        var clock = new ManualClock();
        var entered = new TaskCompletionSource<GrpcServerContext>();
        var release = new TaskCompletionSource();
        var left = new TaskCompletionSource();
        await using var server = await TestServer.StartAsync(
            app => app.MapGrpcServerStreaming(Echo.Many, async (request, output, context) =>
            {
                await output.WriteAsync(request);
                entered.SetResult(context);
                await release.Task;
                await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await output.WriteAsync(request));
                left.SetResult();
            }),
            services => services.AddSingleton<TimeProvider>(clock));
        using var channel = new GrpcChannel(server.Address);
        await using var messages = channel
            .ServerStreaming(Echo.Many, new Text(), new GrpcCallOptions { Deadline = TimeSpan.FromHours(1) })
            .GetAsyncEnumerator();
        await messages.MoveNextAsync();
        var context = await entered.Task.WaitAsync(Soon);
        Assert.Equal(TimeSpan.FromHours(1), context.Remaining);
        Assert.Equal(clock.GetUtcNow().AddHours(1), context.Deadline);

        clock.Advance(TimeSpan.FromHours(1));
        var e = await Assert.ThrowsAsync<GrpcException>(() => messages.MoveNextAsync().AsTask().WaitAsync(Soon));

        Assert.Equal(GrpcStatus.DeadlineExceeded, e.Status);
        Assert.True(context.Cancellation.IsCancellationRequested);
        Assert.Equal(TimeSpan.Zero, context.Remaining);
        release.SetResult();
        await left.Task.WaitAsync(Soon);
    }

    [Fact]
    public async Task Handler_NoDeadline_HasNone()
    {
        await using var server = await TestServer.StartAsync(app => app.MapGrpcUnary(Echo.Unary, (_, context) =>
            Task.FromResult(new Text { Value = $"{context.Deadline == null} {context.Remaining == null}" })));
        using var channel = new GrpcChannel(server.Address);

        Assert.Equal("True True", (await channel.UnaryAsync(Echo.Unary, new Text())).Value);
    }
}
