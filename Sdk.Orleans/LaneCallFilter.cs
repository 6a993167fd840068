using Fairway.Core.Lanes;
using Fairway.Sdk.Lanes;

namespace Fairway.Sdk.Orleans;

/// <summary>
/// Takes the current label along with each grain call and makes it current where the call runs. It travels in the request context,
/// unverified: who may call into a cluster is inside it. A call without a label runs without one, whoever ran there before.
/// </summary>
public sealed class LaneCallFilter : IIncomingGrainCallFilter, IOutgoingGrainCallFilter
{
    public Task Invoke(IOutgoingGrainCallContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var label = LaneContext.Current;
        return label.IsEmpty && RequestContext.Get(GrainLabels.Key) is null ? context.Invoke() : SendAsync(context, label);
    }

    public Task Invoke(IIncomingGrainCallContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var label = GrainLabels.Incoming;
        return label.IsEmpty && LaneContext.Current.IsEmpty ? context.Invoke() : ServeAsync(context, label);
    }

    /// <summary>Asynchronous, so that the caller's own request context stays as it was.</summary>
    private static async Task SendAsync(IOutgoingGrainCallContext context, Label label)
    {
        if (LabelText.Write(label) is { } text)
        {
            RequestContext.Set(GrainLabels.Key, text);
        }
        else
        {
            RequestContext.Remove(GrainLabels.Key); // of a call that this one was made from
        }

        await context.Invoke();
    }

    private static async Task ServeAsync(IIncomingGrainCallContext context, Label label)
    {
        using var scope = LaneContext.Use(label);
        await context.Invoke();
    }
}
