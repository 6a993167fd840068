using Fairway.GrpcWire.Tests.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Logging;

namespace Fairway.GrpcWire.Tests;

/// <summary>The handler option: calls without sockets, as other rooms test with.</summary>
public sealed class InProcessTests
{
    [Fact]
    public async Task Handler_OfTestHost_CarriesEveryCallShape()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseTestServer();
        await using var app = builder.Build();
        app.MapGrpcUnary(Echo.Unary, (request, _) =>
            request.Count == 0 ? Task.FromResult(request) : throw new GrpcException(GrpcStatus.NotFound, "no"));
        app.MapGrpcDuplex(Echo.Chat, async (input, output, _) =>
        {
            await foreach (var message in input)
            {
                await output.WriteAsync(message);
            }
        });
        await app.StartAsync();
        using var handler = app.GetTestServer().CreateHandler();
        using var channel = new GrpcChannel(new Uri("http://localhost"), new GrpcChannelOptions { Handler = handler });

        Assert.Equal("a", (await channel.UnaryAsync(Echo.Unary, new Text { Value = "a" })).Value);
        var e = await Assert.ThrowsAsync<GrpcException>(() => channel.UnaryAsync(Echo.Unary, new Text { Count = 1 }));
        Assert.Equal(GrpcStatus.NotFound, e.Status);

        await using var call = channel.Duplex(Echo.Chat);
        await using var answers = call.ReadAllAsync().GetAsyncEnumerator();
        for (var i = 0; i < 3; i++)
        {
            await call.WriteAsync(new Text { Count = i });
            Assert.True(await answers.MoveNextAsync());
            Assert.Equal(i, answers.Current.Count);
        }

        await call.CompleteAsync();
        Assert.False(await answers.MoveNextAsync());
    }
}
