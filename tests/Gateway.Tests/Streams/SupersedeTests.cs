using System.Diagnostics;

namespace Fairway.Gateway.Tests.Streams;

/// <summary>Many posts at once for one conversation: the newest wins, whole and alone.</summary>
public sealed class SupersedeTests
{
    private const int Posts = 64;
    private const int AllRounds = 1_000;
    private static readonly bool IsSoak = Environment.GetEnvironmentVariable("FAIRWAY_SOAK") is { Length: > 0 };

    /// <summary>As many rounds as fit, unless all of them are wanted.</summary>
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Ask_ManyAtOnce_AllAcceptedAndOnlyTheNewestIsTold()
    {
        await using var host = await StreamHost.StartAsync();
        var user = host.NewUser();
        var began = Stopwatch.GetTimestamp();
        for (var round = 0; round < AllRounds && (IsSoak || round < 5 || Stopwatch.GetElapsedTime(began) < Time); round++)
        {
            var followed = await user.AskAsync("tides", """{"tokens":10000,"tokensPerSecond":500}""");
            using var older = await user.FollowAsync(followed);

            var versions = await Task.WhenAll(Enumerable.Range(0, Posts).Select(_ => user.AskAsync("winds", """{"tokens":5}""")));

            Assert.Equal(Posts, versions.Distinct().Count());
            var newest = versions.MaxBy(version => long.Parse(version, null))!;
            using var current = await user.FollowAsync("current");
            EventsTests.AssertWhole(await current.ReadAllAsync(), newest, 0);
            var told = await older.ReadAllAsync();
            Assert.Equal("superseded", told[^1].Event);
            Assert.All(told, frame => Assert.StartsWith(followed + ":", frame.Id, StringComparison.Ordinal));
            foreach (var version in versions.Where(version => version != newest).Take(3))
            {
                using var late = await user.FollowAsync(version);
                Assert.Equal(["superseded"], (await late.ReadAllAsync()).Select(frame => frame.Event));
            }
        }
    }
}
