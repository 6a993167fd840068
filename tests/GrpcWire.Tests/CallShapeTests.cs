using Fairway.GrpcWire.Tests.Messages;

namespace Fairway.GrpcWire.Tests;

public sealed class CallShapeTests
{
    [Fact]
    public async Task UnaryAsync_HandlerAnswers_ReturnsTheMessage()
    {
        await using var server = await TestServer.StartAsync(app =>
            app.MapGrpcUnary(Echo.Unary, (request, _) => Task.FromResult(new Text { Value = request.Value + "!" })));
        using var channel = new GrpcChannel(server.Address);

        var response = await channel.UnaryAsync(Echo.Unary, new Text { Value = "hé" });

        Assert.Equal("hé!", response.Value);
    }

    [Fact]
    public async Task UnaryAsync_EmptyMessagesBothWays_Works()
    {
        await using var server = await TestServer.StartAsync(app =>
            app.MapGrpcUnary(Echo.Unary, (_, _) => Task.FromResult(new Text())));
        using var channel = new GrpcChannel(server.Address);

        Assert.Equal(new Text(), await channel.UnaryAsync(Echo.Unary, new Text()));
    }

    [Fact]
    public async Task UnaryAsync_FourMegabytesBothWays_ArriveWhole()
    {
        await using var server = await TestServer.StartAsync(app =>
            app.MapGrpcUnary(Echo.Unary, (request, _) => Task.FromResult(request)));
        using var channel = new GrpcChannel(server.Address);
        var bytes = new byte[(4 * 1024 * 1024) - 10];
        Random.Shared.NextBytes(bytes);
        var sent = new Text { Filler = Google.Protobuf.UnsafeByteOperations.UnsafeWrap(bytes) };

        Assert.Equal(sent, await channel.UnaryAsync(Echo.Unary, sent));
    }

    [Fact]
    public async Task ServerStreaming_ManyMessages_ArriveInOrderThenEnd()
    {
        await using var server = await TestServer.StartAsync(app =>
            app.MapGrpcServerStreaming(Echo.Many, async (request, output, _) =>
            {
                for (var i = 0; i < request.Count; i++)
                {
                    await output.WriteAsync(new Text { Count = i });
                }
            }));
        using var channel = new GrpcChannel(server.Address);

        var counts = new List<int>();
        await foreach (var message in channel.ServerStreaming(Echo.Many, new Text { Count = 1000 }))
        {
            counts.Add(message.Count);
        }

        Assert.Equal(Enumerable.Range(0, 1000), counts);
    }

    [Fact]
    public async Task ServerStreaming_NoMessages_EndsWithOk()
    {
        await using var server = await TestServer.StartAsync(app =>
            app.MapGrpcServerStreaming(Echo.Many, (_, _, _) => Task.CompletedTask));
        using var channel = new GrpcChannel(server.Address);

        await foreach (var message in channel.ServerStreaming(Echo.Many, new Text()))
        {
            Assert.Fail($"Nothing was sent, but {message} arrived.");
        }
    }

    [Fact]
    public async Task ServerStreaming_FailsAfterMessages_GivesThemThenTheStatus()
    {
        await using var server = await TestServer.StartAsync(app =>
            app.MapGrpcServerStreaming(Echo.Many, async (_, output, _) =>
            {
                await output.WriteAsync(new Text { Value = "one" });
                throw new GrpcException(GrpcStatus.DataLoss, "the rest is lost");
            }));
        using var channel = new GrpcChannel(server.Address);
        await using var messages = channel.ServerStreaming(Echo.Many, new Text()).GetAsyncEnumerator();

        Assert.True(await messages.MoveNextAsync());
        Assert.Equal("one", messages.Current.Value);
        var e = await Assert.ThrowsAsync<GrpcException>(async () => await messages.MoveNextAsync());
        Assert.Equal((GrpcStatus.DataLoss, "the rest is lost"), (e.Status, e.Detail));
    }

    [Fact]
    public async Task Duplex_PingPong_EachAnswerComesBeforeTheNextQuestion()
    {
        await using var server = await TestServer.StartAsync(app =>
            app.MapGrpcDuplex(Echo.Chat, async (input, output, context) =>
            {
                await foreach (var message in input)
                {
                    await output.WriteAsync(new Text { Count = message.Count * 2 });
                }

                context.ResponseTrailers.Add("bye", "done");
            }));
        using var channel = new GrpcChannel(server.Address);
        await using var call = channel.Duplex(Echo.Chat);
        await using var answers = call.ReadAllAsync().GetAsyncEnumerator();

        for (var i = 1; i <= 50; i++)
        {
            await call.WriteAsync(new Text { Count = i });
            Assert.True(await answers.MoveNextAsync());
            Assert.Equal(i * 2, answers.Current.Count);
        }

        await call.CompleteAsync();
        Assert.False(await answers.MoveNextAsync());
        Assert.Equal("done", call.Trailers["bye"]);
    }

    [Fact]
    public async Task Duplex_ServerSpeaksFirst_NothingNeedsToBeWritten()
    {
        await using var server = await TestServer.StartAsync(app =>
            app.MapGrpcDuplex(Echo.Chat, async (_, output, _) => await output.WriteAsync(new Text { Value = "hello" })));
        using var channel = new GrpcChannel(server.Address);
        await using var call = channel.Duplex(Echo.Chat);

        var messages = new List<string>();
        await foreach (var message in call.ReadAllAsync())
        {
            messages.Add(message.Value);
        }

        Assert.Equal(["hello"], messages);
    }

    [Fact]
    public async Task Duplex_ManyWritersAtOnce_NoMessageIsTorn()
    {
        await using var server = await TestServer.StartAsync(app =>
            app.MapGrpcDuplex(Echo.Chat, async (input, output, _) =>
            {
                var sum = 0;
                await foreach (var message in input)
                {
                    sum += message.Count;
                }

                await output.WriteAsync(new Text { Count = sum });
            }));
        using var channel = new GrpcChannel(server.Address);
        await using var call = channel.Duplex(Echo.Chat);

        await Task.WhenAll(Enumerable.Range(1, 200).Select(i => Task.Run(() =>
            call.WriteAsync(new Text { Count = i, Filler = Google.Protobuf.ByteString.CopyFrom(new byte[i * 50]) }))));
        await call.CompleteAsync();

        await using var answers = call.ReadAllAsync().GetAsyncEnumerator();
        Assert.True(await answers.MoveNextAsync());
        Assert.Equal(200 * 201 / 2, answers.Current.Count);
    }

    [Fact]
    public async Task ServerStreaming_MoreStreamsThanAConnectionHolds_AllAreOpenAtOnce()
    {
        const int Streams = 150;
        var open = 0;
        var all = new TaskCompletionSource();
        await using var server = await TestServer.StartAsync(app =>
            app.MapGrpcServerStreaming(Echo.Many, async (_, output, context) =>
            {
                if (Interlocked.Increment(ref open) == Streams)
                {
                    all.SetResult();
                }

                await all.Task.WaitAsync(context.Cancellation);
                await output.WriteAsync(new Text());
            }));
        using var channel = new GrpcChannel(server.Address);

        await Task.WhenAll(Enumerable.Range(0, Streams).Select(async _ =>
        {
            await foreach (var message in channel.ServerStreaming(Echo.Many, new Text()))
            {
            }
        })).WaitAsync(TimeSpan.FromSeconds(30));
    }
}
