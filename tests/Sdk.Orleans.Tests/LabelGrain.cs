using Fairway.Sdk.Lanes;
using Orleans.Concurrency;

namespace Fairway.Sdk.Orleans.Tests;

[Alias("test.ILabelListener")]
public interface ILabelListener : IGrainObserver
{
    [Alias("Heard")]
    [OneWay]
    void Heard();
}

[Alias("test.ILabelGrain")]
public interface ILabelGrain : IGrainWithStringKey
{
    /// <summary>The lane that is current here; empty for none.</summary>
    [Alias("Here")]
    Task<string> Here();

    /// <summary>The lanes that are current here, in the next grain, and here again.</summary>
    [Alias("Through")]
    Task<string> Through(string next);

    [Alias("Publish")]
    Task Publish(ILabelListener listener);

    [Alias("StartTimers")]
    Task StartTimers();

    /// <summary>The lanes that the ticks saw so far: the bare timer's, then the carrying one's.</summary>
    [Alias("Ticks")]
    Task<string> Ticks();
}

[Reentrant]
internal sealed class LabelGrain : Grain, ILabelGrain
{
    private string? _bare;
    private string? _carried;

    /// <summary>The label that is current, in short: lane, ! for stress, addresses.</summary>
    public static string Lane => $"{LaneContext.Current.Lane}{(LaneContext.Current.Stress ? "!" : "")}{LaneContext.Current.OfflineText}";

    public async Task<string> Here()
    {
        await Task.Yield(); // so that calls interleave
        return Lane;
    }

    public async Task<string> Through(string next)
    {
        // Orleans 10.4.2 runs a call up to its first await under its activation's lock, so two grains that call each other there
        // wait for each other.
        await Task.Yield();
        var before = Lane;
        var there = await GrainFactory.GetGrain<ILabelGrain>(next).Here();
        return $"{before} {there} {Lane}";
    }

    public Task Publish(ILabelListener listener)
    {
        listener.Heard();
        return Task.CompletedTask;
    }

    public Task StartTimers()
    {
        var soon = TimeSpan.FromMilliseconds(1);
        this.RegisterGrainTimer(
            _ =>
            {
                _bare = Lane;
                return Task.CompletedTask;
            },
            new GrainTimerCreationOptions(soon, soon));
        this.RegisterLaneTimer(
            async _ =>
            {
                await Task.Yield();
                _carried = Lane;
            },
            soon,
            soon);
        return Task.CompletedTask;
    }

    public Task<string> Ticks() => Task.FromResult(_bare is null || _carried is null ? "" : $"bare '{_bare}' carried '{_carried}' here '{Lane}'");
}
