using Fairway.Core.Lanes;
using Fairway.Sdk.Lanes;
using Fairway.Testing;

namespace Fairway.Sdk.Orleans.Tests;

public sealed class GrainLabelTests : IAsyncLifetime
{
    private SiloHost _silo = null!;

    public async Task InitializeAsync() => _silo = await SiloHost.StartAsync();

    public async Task DisposeAsync() => await _silo.DisposeAsync();

    [Fact]
    public async Task Call_Label_GoesThroughTheChainAndNotBackUp()
    {
        var grain = Grain("a");
        Assert.Equal("  ", await grain.Through("b"));
        using (LaneContext.Use(Label.Of("blue")))
        {
            Assert.Equal("blue blue blue", await grain.Through("b"));
            Assert.Null(RequestContext.Get(GrainLabels.Key)); // the caller's own context stays as it was
        }

        Assert.Equal("  ", await grain.Through("b"));
    }

    [Fact]
    public async Task Call_WholeLabel_Arrives()
    {
        using var scope = LaneContext.Use(Label.Of(null, stress: true, "10.0.0.1:80"));
        Assert.Equal("!10.0.0.1:80", await Grain("a").Here());
    }

    [Fact]
    public async Task Timer_LabelOfWhoStartedIt_OnlyWhereCaptured()
    {
        var grain = Grain("timer");
        using (LaneContext.Use(Label.Of("blue")))
        {
            await grain.StartTimers();
        }

        var ticks = "";
        using (LaneContext.Use(Label.Of("green")))
        {
            await Eventually.TrueAsync(async () => (ticks = await grain.Ticks()).Length > 0);
        }

        Assert.Equal("bare '' carried 'blue' here 'green'", ticks);
    }

    [Fact]
    public async Task Observer_LabelOfThePush_IsTakenByHand()
    {
        var listener = new Listener();
        var reference = _silo.Grains.CreateObjectReference<ILabelListener>(listener);
        using (LaneContext.Use(Label.Of("blue")))
        {
            await Grain("p").Publish(reference);
        }

        Assert.Equal("blue", await listener.First.Task.WaitAsync(TimeSpan.FromSeconds(60)));
        GC.KeepAlive(listener);
    }

    /// <summary>A thousand calls of different labels at once, through few grains of one silo.</summary>
    [Fact]
    public async Task Calls_InterleavedLabels_NoneIsMixedOrLeftBehind()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(async i =>
        {
            var lane = i % 4 == 0 ? "" : $"lane-{i}";
            using var scope = LaneContext.Use(Label.Of(lane));
            return (Expected: $"{lane} {lane} {lane}", Answer: await Grain($"g{i % 7}").Through($"g{i % 5}"));
        }));
        Assert.All(answers, pair => Assert.Equal(pair.Expected, pair.Answer));
        for (var i = 0; i < 7; i++)
        {
            Assert.Equal("", await Grain($"g{i}").Here());
        }
    }

    private ILabelGrain Grain(string key) => _silo.Grains.GetGrain<ILabelGrain>(key);

    private sealed class Listener : ILabelListener
    {
        public TaskCompletionSource<string> First { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Heard()
        {
            using var label = GrainLabels.Enter();
            First.TrySetResult(LabelGrain.Lane);
        }
    }
}
