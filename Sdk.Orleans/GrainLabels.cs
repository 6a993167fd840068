using Fairway.Core.Lanes;
using Fairway.Sdk.Lanes;

namespace Fairway.Sdk.Orleans;

/// <summary>Labels where no call filter passes: in observers and in timers of grains.</summary>
public static class GrainLabels
{
    /// <summary>What a label is called in the request context; a text of <see cref="LabelText"/>.</summary>
    internal const string Key = "fairway.label";

    /// <summary>The label that came with the running call, filtered or not; <see cref="Label.None"/> for none.</summary>
    public static Label Incoming => LabelText.Read(RequestContext.Get(Key) as string);

    /// <summary>For methods of observers, which are called without filters: until disposed, the label that came is current.</summary>
    /// <example><code>
    /// public void Heard(Order order) { using var label = GrainLabels.Enter(); ... }
    /// </code></example>
    public static LaneContext.Scope Enter() => LaneContext.Use(Incoming);

    /// <summary>
    /// A grain timer whose ticks run with the label that is current now; the engine's own run without any. A grain serves many
    /// labels, so this is for timers that finish what one request began.
    /// </summary>
    public static IGrainTimer RegisterLaneTimer(this IGrainBase grain, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var label = LaneContext.Capture();
        return grain.RegisterGrainTimer(token => label.RunAsync(() => callback(token)), options);
    }

    /// <inheritdoc cref="RegisterLaneTimer(IGrainBase, Func{CancellationToken, Task}, GrainTimerCreationOptions)"/>
    public static IGrainTimer RegisterLaneTimer(this IGrainBase grain, Func<CancellationToken, Task> callback, TimeSpan dueTime, TimeSpan period) =>
        grain.RegisterLaneTimer(callback, new GrainTimerCreationOptions(dueTime, period));
}
