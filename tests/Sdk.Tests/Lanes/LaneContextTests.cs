using System.Threading.Channels;
using Fairway.Core.Lanes;
using Fairway.Sdk.Lanes;
using Fairway.Testing;

namespace Fairway.Sdk.Tests.Lanes;

public sealed class LaneContextTests
{
    private static readonly Label Blue = Label.Of("blue");

    [Fact]
    public async Task Use_AsyncCode_FlowsDownAndIsRestored()
    {
        using (LaneContext.Use(Blue))
        {
            await Task.Yield();
            Assert.Equal(Blue, LaneContext.Current);
            Assert.Equal(Blue, await Task.Run(() => LaneContext.Current));
            await InnerAsync();
            Assert.Equal(Blue, LaneContext.Current);
            using (LaneContext.Use(Label.None))
            {
                Assert.True(LaneContext.Current.IsEmpty);
            }

            Assert.Equal(Blue, LaneContext.Current);
        }

        Assert.True(LaneContext.Current.IsEmpty);

        static async Task InnerAsync()
        {
            using var other = LaneContext.Use(Label.Of("green"));
            await Task.Yield();
            Assert.Equal("green", LaneContext.Current.Lane);
        }
    }

    [Fact]
    public async Task Capture_WhereNothingFlows_BringsTheLabelAlong()
    {
        var seen = Channel.CreateUnbounded<(string Where, string? Lane)>();
        var clock = new ManualClock();
        using (LaneContext.Use(Blue))
        {
            var label = LaneContext.Capture();
            ThreadPool.UnsafeQueueUserWorkItem(_ => Note("unsafe, bare"), null);
            ThreadPool.UnsafeQueueUserWorkItem(_ => label.Run(() => Note("unsafe")), null);
            new Thread(label.Wrap(() => Note("thread")).Invoke).UnsafeStart();
            new Thread(() => Note("thread, bare")).UnsafeStart();
            _ = clock.CreateTimer(_ => label.Run(() => Note("timer")), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
            _ = label.Wrap<string>(where => { Note(where); return Task.CompletedTask; })("async");
        }

        clock.Advance(TimeSpan.FromSeconds(1));
        var all = new Dictionary<string, string?>();
        while (all.Count < 6)
        {
            var (where, lane) = await seen.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));
            all[where] = lane;
        }

        Assert.Equal(
            "async=blue thread=blue thread, bare= timer=blue unsafe=blue unsafe, bare=",
            string.Join(' ', all.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}")));

        void Note(string where) => seen.Writer.TryWrite((where, LaneContext.Current.Lane));
    }

    [Fact]
    public async Task Labelled_Channel_CarriesEachWritersLabel()
    {
        var channel = Channel.CreateUnbounded<Labelled<int>>();
        for (var i = 0; i < 100; i++)
        {
            using var label = LaneContext.Use(i % 10 == 0 ? Label.None : Label.Of($"lane-{i}"));
            await channel.Writer.WriteAsync(Labelled.Of(i));
        }

        channel.Writer.Complete();
        await foreach (var written in channel.Reader.ReadAllAsync())
        {
            using (written.Use())
            {
                await Task.Yield();
                Assert.Equal(written.Item % 10 == 0 ? null : $"lane-{written.Item}", LaneContext.Current.Lane);
            }

            Assert.True(LaneContext.Current.IsEmpty);
        }
    }

    [Fact]
    public void LabelText_WriteRead_BringsItBack()
    {
        var label = Label.Of("blue", true, "10.0.0.1:80", "10.0.0.2:80");
        Assert.Equal(label, LabelText.Read(LabelText.Write(label)));
        Assert.Null(LabelText.Write(Label.None));
        foreach (var broken in (string?[])[null, "", "blue", "a b\n\n\n", "blue\n2\n\n", "\n\n\n"])
        {
            Assert.Same(Label.None, LabelText.Read(broken));
        }
    }

    /// <summary>A thousand requests of different labels at once, over two hops and one thread pool.</summary>
    [Fact]
    public async Task Requests_InterleavedLabels_NoneIsMixedOrLeftBehind()
    {
        await using var next = await LaneHost.StartAsync();
        await using var host = await LaneHost.StartAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(async i =>
        {
            var label = i % 5 == 0 ? Label.None : Label.Of($"lane-{i}", i % 3 == 0);
            var answer = await host.GetAsync($"/hop?to={next.Address}label", label.IsEmpty ? [] : LaneHost.Signed(label, seconds: 600));
            return (Expected: LaneHost.Describe(label), answer);
        }));
        Assert.All(answers, pair => Assert.Equal(pair.Expected, pair.answer));
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal("base||", await host.GetAsync($"/hop?to={next.Address}label"));
        }
    }
}
