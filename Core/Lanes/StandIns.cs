namespace Fairway.Core.Lanes;

/// <summary>What is known of one lane of a consuming service.</summary>
/// <param name="IsDeclared">The lane lives and declares the service.</param>
/// <param name="OnConsumerDown">The declaration's <c>park</c> or <c>base</c>.</param>
/// <param name="HasConsumer">An instance of the service is registered in the lane, or somebody consumes its group.</param>
public readonly record struct LaneGroupState(bool IsDeclared, string OnConsumerDown, bool HasConsumer);

/// <summary>
/// Whose messages base takes: those of lanes whose consumers are down and that say <c>base</c>, and what is left of lanes that are
/// gone. Base begins only after that was so for a while without a break, and only while the registry is read: its silence is no
/// consumer's silence. Not thread-safe.
/// </summary>
/// <param name="after">For how long it must have been so.</param>
public sealed class StandIns(TimeSpan after, TimeProvider time)
{
    private readonly Dictionary<string, long> _since = new(StringComparer.Ordinal);
    private readonly HashSet<string> _lanes = new(StringComparer.Ordinal);

    /// <summary>Lanes that base stands in for now.</summary>
    public IReadOnlySet<string> Lanes => _lanes;

    /// <summary>Takes in what is known. True when <see cref="Lanes"/> changed.</summary>
    /// <param name="lanes">All lanes that are or were.</param>
    /// <param name="isStale">The registry is away: who stands in goes on, nobody begins, and what was waited for begins anew.</param>
    public bool Update(IReadOnlyDictionary<string, LaneGroupState> lanes, bool isStale)
    {
        ArgumentNullException.ThrowIfNull(lanes);
        if (isStale)
        {
            _since.Clear();
            return false;
        }

        var changed = false;
        foreach (var (lane, state) in lanes)
        {
            if (!Wants(state))
            {
                _since.Remove(lane);
                changed |= _lanes.Remove(lane);
            }
            else if (!_lanes.Contains(lane))
            {
                _since.TryAdd(lane, time.GetTimestamp());
                changed |= time.GetElapsedTime(_since[lane]) >= after && _lanes.Add(lane);
            }
        }

        return changed;
    }

    private static bool Wants(LaneGroupState state) => !state.IsDeclared || (state.OnConsumerDown == MessageStamp.Base && !state.HasConsumer);
}
