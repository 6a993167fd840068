using System.Net;
using Fairway.Grains;
using Fairway.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Fairway.Gateway.Tests.Streams;

/// <summary>What nobody reads, or nobody acknowledges, goes; told on a clock that the test moves.</summary>
public sealed class ExpiryTests
{
    [Fact]
    public async Task Clock_PastTheLimits_ConnectedReadersGetExpiredLaterOnesNothing()
    {
        var clock = new ManualClock();
        await using var host = await StreamHost.StartAsync(builder => builder.Services.AddKeyedSingleton<TimeProvider>(GrainClock.Key, clock));
        var user = host.NewUser();
        var silent = await user.AskAsync("tides", """{"failure":"Stall","after":0}""");
        using var reader = await user.FollowAsync(silent);
        var unacknowledged = await user.AskAsync("tides", """{"tokens":3}""", "other");
        using var second = await user.FollowAsync(unacknowledged);
        await second.ReadAllAsync();

        await Expires(silent, TimeSpan.FromSeconds(61));
        var frames = await reader.ReadAllAsync();
        Assert.Equal([new Received("expired", $"{silent}:0", "{}")], frames);
        Assert.Equal("done", await user.StateAsync(unacknowledged));

        await Expires(unacknowledged, TimeSpan.FromMinutes(5));
        Assert.Empty((await user.SendAsync(HttpMethod.Get, "/v1/history?conversation=other")).Json.GetProperty("items").EnumerateArray());

        async Task Expires(string version, TimeSpan after)
        {
            clock.Advance(after);
            await Eventually.TrueAsync(async () =>
                (await user.SendAsync(HttpMethod.Get, $"/v1/streams/{version}")).Status == HttpStatusCode.Gone);
            using var late = await user.FollowAsync(version);
            Assert.Equal(HttpStatusCode.Gone, late.Status);
        }
    }
}
