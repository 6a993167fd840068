using Fairway.GrpcWire.Tests.Messages;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Fairway.GrpcWire.Tests;

public sealed class CancellationTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task UnaryAsync_CallerCancels_IsCancelledOnBothSides()
    {
        var entered = new TaskCompletionSource();
        var seen = new TaskCompletionSource();
        await using var server = await TestServer.StartAsync(app => app.MapGrpcUnary(Echo.Unary, async (request, context) =>
        {
            entered.SetResult();
            await CancelledAsync(context, seen);
            return request;
        }));
        using var channel = new GrpcChannel(server.Address);
        using var cancel = new CancellationTokenSource();
        var call = channel.UnaryAsync(Echo.Unary, new Text(), ct: cancel.Token);
        await entered.Task.WaitAsync(Soon);

        await cancel.CancelAsync();

        var e = await Assert.ThrowsAsync<GrpcException>(() => call.WaitAsync(Soon));
        Assert.Equal(GrpcStatus.Cancelled, e.Status);
        Assert.IsAssignableFrom<OperationCanceledException>(e.InnerException);
        await seen.Task.WaitAsync(Soon);
    }

    [Fact]
    public async Task ServerStreaming_LeftEarly_TheHandlersTokenFires()
    {
        var seen = new TaskCompletionSource();
        await using var server = await TestServer.StartAsync(app =>
            app.MapGrpcServerStreaming(Echo.Many, async (request, output, context) =>
            {
                await output.WriteAsync(request);
                await CancelledAsync(context, seen);
            }));
        using var channel = new GrpcChannel(server.Address);

        await foreach (var message in channel.ServerStreaming(Echo.Many, new Text()))
        {
            break;
        }

        await seen.Task.WaitAsync(Soon);
    }

    [Fact]
    public async Task ServerStreaming_ClientDoesNotRead_TheWriterWaitsUntilItLeaves()
    {
        var written = 0;
        var seen = new TaskCompletionSource<Exception>();
        await using var server = await TestServer.StartAsync(app =>
            app.MapGrpcServerStreaming(Echo.Many, async (request, output, _) =>
            {
                try
                {
                    for (; written < 1000; written++)
                    {
                        await output.WriteAsync(request);
                    }
                }
                catch (OperationCanceledException e)
                {
                    seen.SetResult(e);
                }
            }));
        using var channel = new GrpcChannel(server.Address);
        var large = new Text { Filler = Google.Protobuf.ByteString.CopyFrom(new byte[1 << 20]) };

        await foreach (var message in channel.ServerStreaming(Echo.Many, large))
        {
            break;
        }

        await seen.Task.WaitAsync(Soon);
        Assert.InRange(written, 0, 100);
    }

    [Fact]
    public async Task Duplex_Disposed_TheHandlersInputThrows()
    {
        var seen = new TaskCompletionSource<Exception>();
        await using var server = await TestServer.StartAsync(app => app.MapGrpcDuplex(Echo.Chat, async (input, output, _) =>
        {
            try
            {
                await foreach (var message in input)
                {
                    await output.WriteAsync(message);
                }
            }
            catch (Exception e)
            {
                seen.SetResult(e);
            }
        }));
        using var channel = new GrpcChannel(server.Address);
        var call = channel.Duplex(Echo.Chat);
        await using var answers = call.ReadAllAsync().GetAsyncEnumerator();
        await call.WriteAsync(new Text());
        Assert.True(await answers.MoveNextAsync());
        var waiting = answers.MoveNextAsync().AsTask();

        await call.DisposeAsync();

        Assert.IsAssignableFrom<OperationCanceledException>(await seen.Task.WaitAsync(Soon));
        Assert.Equal(GrpcStatus.Cancelled, (await Assert.ThrowsAsync<GrpcException>(() => waiting.WaitAsync(Soon))).Status);
        await AssertWriteFailsAsync(call, GrpcStatus.Cancelled);
    }

    [Fact]
    public async Task Duplex_ReadTokenCancelled_EndsTheCall()
    {
        await using var server = await TestServer.StartAsync(app => app.MapGrpcDuplex(
            Echo.Chat, (_, _, context) => CancelledAsync(context, new TaskCompletionSource())));
        using var channel = new GrpcChannel(server.Address);
        using var cancel = new CancellationTokenSource();
        await using var call = channel.Duplex(Echo.Chat);
        await call.WriteAsync(new Text());
        await using var answers = call.ReadAllAsync(cancel.Token).GetAsyncEnumerator();
        var waiting = answers.MoveNextAsync().AsTask();

        await cancel.CancelAsync();

        Assert.Equal(GrpcStatus.Cancelled, (await Assert.ThrowsAsync<GrpcException>(() => waiting.WaitAsync(Soon))).Status);
        await AssertWriteFailsAsync(call, GrpcStatus.Cancelled);
    }

    [Fact]
    public async Task Duplex_ServerEndsFirst_WritesFailWithItsStatusOnceItIsRead()
    {
        await using var server = await TestServer.StartAsync(app => app.MapGrpcDuplex(
            Echo.Chat, (_, _, _) => throw new GrpcException(GrpcStatus.PermissionDenied, "no")));
        using var channel = new GrpcChannel(server.Address);
        await using var call = channel.Duplex(Echo.Chat);
        await using var answers = call.ReadAllAsync().GetAsyncEnumerator();

        var e = await Assert.ThrowsAsync<GrpcException>(() => answers.MoveNextAsync().AsTask().WaitAsync(Soon));

        Assert.Equal(GrpcStatus.PermissionDenied, e.Status);
        await AssertWriteFailsAsync(call, GrpcStatus.PermissionDenied);
    }

    [Fact]
    public async Task Duplex_WriteAfterCompletion_IsRefused()
    {
        await using var server = await TestServer.StartAsync(app => app.MapGrpcDuplex(Echo.Chat, (_, _, _) => Task.CompletedTask));
        using var channel = new GrpcChannel(server.Address);
        await using var call = channel.Duplex(Echo.Chat);
        await call.CompleteAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(() => call.WriteAsync(new Text()));
    }

    [Fact]
    public async Task UnaryAsync_ServerDropsTheConnection_IsUnavailable()
    {
        await using var server = await RawServer.StartAsync(http =>
        {
            http.Features.GetRequiredFeature<IConnectionLifetimeFeature>().Abort();
            return Task.CompletedTask;
        });
        using var channel = new GrpcChannel(server.Address);

        var e = await Assert.ThrowsAsync<GrpcException>(() => channel.UnaryAsync(Echo.Unary, new Text()).WaitAsync(Soon));

        Assert.Equal(GrpcStatus.Unavailable, e.Status);
    }

    [Fact]
    public async Task Dispose_CallsUnderWay_AreCancelled()
    {
        var entered = new TaskCompletionSource();
        await using var server = await TestServer.StartAsync(app => app.MapGrpcUnary(Echo.Unary, async (request, context) =>
        {
            entered.SetResult();
            await CancelledAsync(context, new TaskCompletionSource());
            return request;
        }));
        var channel = new GrpcChannel(server.Address);
        var call = channel.UnaryAsync(Echo.Unary, new Text());
        await entered.Task.WaitAsync(Soon);

        channel.Dispose();

        Assert.Equal(GrpcStatus.Cancelled, (await Assert.ThrowsAsync<GrpcException>(() => call.WaitAsync(Soon))).Status);
    }

    private static async Task CancelledAsync(GrpcServerContext context, TaskCompletionSource seen)
    {
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.Cancellation);
        }
        finally
        {
            seen.TrySetResult();
        }
    }

    private static async Task AssertWriteFailsAsync(GrpcDuplexCall<Text, Text> call, GrpcStatus expected)
    {
        var e = await Assert.ThrowsAsync<GrpcException>(() => call.WriteAsync(new Text()).WaitAsync(Soon));
        Assert.Equal(expected, e.Status);
    }
}
