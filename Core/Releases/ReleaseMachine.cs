using System.Collections.Immutable;

namespace Fairway.Core.Releases;

/// <summary>A state and what is to be done to make it so.</summary>
public readonly record struct ReleaseStep(ReleaseState State, ImmutableArray<ReleaseEffect> Effects);

/// <summary>
/// The life of a release: (state, what is seen or said) -> (state, effects). Pure and level-triggered: effects that a crash has
/// swallowed are asked for again by the next <see cref="Tick"/>.
/// </summary>
public static class ReleaseMachine
{
    /// <summary>Requests that were routed before a change of the registry reached every router may come this long.</summary>
    public static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);

    /// <summary>Begins a release.</summary>
    /// <exception cref="ReleaseRefusedException">There is nothing to replace, or what remains could not carry the load.</exception>
    public static ReleaseStep Begin(ReleasePlan plan, ReleaseFleet fleet, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(fleet);
        var old = Targets(fleet.Base);
        if (old.IsEmpty)
        {
            throw new ReleaseRefusedException(ReleaseCodes.NothingToReplace, $"'{plan.Service}' has no base instance to replace.");
        }

        var half = plan.Strategy == ReleaseStrategy.Half;
        var leaving = half ? old[..((old.Length + 1) / 2)] : old;
        if (half && ReleaseRules.CannotCarry(fleet.Base, old.Length - leaving.Length, plan.Bounds) is { } why)
        {
            throw new ReleaseRefusedException(ReleaseCodes.CapacityShort, why);
        }

        var state = new ReleaseState
        {
            Plan = plan, Phase = half ? ReleasePhase.Emptying : ReleasePhase.Starting, Old = old, Leaving = leaving, Since = now, StartedAt = now,
        };
        return new ReleaseStep(state, half ? [new ReleaseEffect.OpenLane(), new ReleaseEffect.TakeOut(leaving)] : [new ReleaseEffect.OpenLane()]);
    }

    /// <summary>Time has passed, or the fleet has changed.</summary>
    public static ReleaseStep Tick(ReleaseState state, ReleaseFleet fleet, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(fleet);
        return state switch
        {
            { IsOver: true } or { IsPaused: true } => new ReleaseStep(state, []),
            { Phase: ReleasePhase.Emptying } => Emptying(state, fleet, now),
            { Phase: ReleasePhase.Starting } => Starting(state, fleet, now),
            { Phase: ReleasePhase.Ramping } => Ramping(state, fleet, now),
            { Phase: ReleasePhase.Replacing } => Replacing(state, fleet, now),
            { Phase: ReleasePhase.Promoting } => Promoting(state, fleet, now),
            { Phase: ReleasePhase.Freeing } => Freeing(state, fleet, now),
            { Phase: ReleasePhase.RollingBack } => RollingBack(state, fleet, now),
            _ => new ReleaseStep(state, []), // Verifying waits for a word
        };
    }

    /// <summary>The new version is good: the ramp begins.</summary>
    public static ReleaseStep Verify(ReleaseState state, DateTimeOffset now) => state is { Phase: ReleasePhase.Verifying }
        ? Send(Enter(state, ReleasePhase.Ramping, now) with { Step = 0, IsPaused = false, Reason = null })
        : throw Wrong(state, "verified");

    /// <summary>Stands still; requests go where they go now.</summary>
    public static ReleaseStep Pause(ReleaseState state, string reason) => state.IsOver || state.Phase == ReleasePhase.RollingBack
        ? throw Wrong(state, "paused")
        : new ReleaseStep(state with { IsPaused = true, Reason = reason }, []);

    /// <summary>Goes on after a pause; the step it stands at is watched anew.</summary>
    public static ReleaseStep Resume(ReleaseState state, DateTimeOffset now) => state.IsPaused
        ? new ReleaseStep(state with { IsPaused = false, Reason = null, Since = now }, [])
        : throw Wrong(state, "resumed");

    /// <summary>Everybody goes to the new version at once; what is left of the ramp is left out.</summary>
    /// <exception cref="ReleaseRefusedException">It is not ramping, or the new instances could not carry the load.</exception>
    public static ReleaseStep Finish(ReleaseState state, ReleaseFleet fleet, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(fleet);
        if (state.Phase is not (ReleasePhase.Verifying or ReleasePhase.Ramping))
        {
            throw Wrong(state, "finished");
        }

        return CannotTakeAll(state, fleet) is { } why
            ? throw new ReleaseRefusedException(ReleaseCodes.CapacityShort, why)
            : Send(Enter(state, ReleasePhase.Ramping, now) with { Step = state.Plan.Ramp.Length - 1, IsPaused = false, Reason = null });
    }

    /// <summary>Everybody goes back to the old version at once.</summary>
    public static ReleaseStep Rollback(ReleaseState state, string? reason, DateTimeOffset now) =>
        state.Phase is ReleasePhase.Promoting or ReleasePhase.Replacing or ReleasePhase.Freeing or ReleasePhase.Done or ReleasePhase.RollingBack or ReleasePhase.RolledBack
            ? throw Wrong(state, "rolled back")
            : RollBack(state, reason, now);

    private static ReleaseStep Emptying(ReleaseState state, ReleaseFleet fleet, DateTimeOffset now)
    {
        if (!IsEmpty(state, fleet.Base, state.Leaving, now))
        {
            return new ReleaseStep(state, [new ReleaseEffect.TakeOut(state.Leaving)]);
        }

        var left = state.Old.Length - state.Leaving.Length;
        if (state.BaseScale != left)
        {
            return new ReleaseStep(state, [new ReleaseEffect.ScaleBase(left, state.Leaving)]);
        }

        return AreGone(fleet.Base, state.Leaving)
            ? new ReleaseStep(Enter(state, ReleasePhase.Starting, now), [new ReleaseEffect.BringBack(state.Leaving)])
            : Waiting(state, "Old instances that were stopped are still registered.", now);
    }

    private static ReleaseStep Starting(ReleaseState state, ReleaseFleet fleet, DateTimeOffset now)
    {
        var wanted = state.Leaving.Length;
        if (Usable(fleet.Lane) >= wanted)
        {
            return state.Plan.NeedsVerification
                ? new ReleaseStep(Enter(state, ReleasePhase.Verifying, now), [])
                : Send(Enter(state, ReleasePhase.Ramping, now) with { Step = 0 });
        }

        return now - state.Since > state.Plan.StartTime
            ? Pause(state, $"{Usable(fleet.Lane)} of {wanted} new instances are usable after {state.Plan.StartTime.TotalSeconds:0} s.")
            : new ReleaseStep(state, state.LaneScale == wanted ? [] : [new ReleaseEffect.OpenLane(), new ReleaseEffect.ScaleLane(wanted)]);
    }

    private static ReleaseStep Ramping(ReleaseState state, ReleaseFleet fleet, DateTimeOffset now)
    {
        if (ReleaseRules.Breach(fleet, state.Plan.Bounds) is { } breach)
        {
            return state.Plan.OnBreach == BreachAction.Rollback ? RollBack(state, breach, now) : Pause(state, breach);
        }

        if (now - state.Since < state.Plan.StepTime)
        {
            return Send(state);
        }

        if (state.Step == state.Plan.Ramp.Length - 1)
        {
            return new ReleaseStep(Enter(state, ReleasePhase.Promoting, now), [new ReleaseEffect.Promote()]);
        }

        var next = state with { Step = state.Step + 1, Since = now };
        return next.Ratio == 10_000 && CannotTakeAll(state, fleet) is { } why ? Pause(state, why) : Send(next);
    }

    /// <summary>New instances are base by now: what comes without a label, from other services say, is served while the rest leaves.</summary>
    private static ReleaseStep Replacing(ReleaseState state, ReleaseFleet fleet, DateTimeOffset now)
    {
        if (!IsEmpty(state, fleet.Base, Rest(state), now) && state.BaseScale != 0)
        {
            return new ReleaseStep(state, [new ReleaseEffect.Send(0), new ReleaseEffect.TakeOut(Rest(state))]);
        }

        if (state.BaseScale != 0)
        {
            return new ReleaseStep(state, [new ReleaseEffect.ScaleBase(0, Rest(state))]);
        }

        if (!AreGone(fleet.Base, Rest(state)))
        {
            return Waiting(state, "Old instances that were stopped are still registered.", now);
        }

        if (state.LaneScale != state.Old.Length)
        {
            return new ReleaseStep(state, [new ReleaseEffect.BringBack(Rest(state)), new ReleaseEffect.ScaleLane(state.Old.Length)]);
        }

        if (!fleet.Lane.IsEmpty)
        {
            return new ReleaseStep(state, [new ReleaseEffect.Promote()]); // each as soon as it comes up
        }

        var usable = Usable([.. fleet.Base.Where(member => !IsOld(state, member))]);
        return usable < state.Old.Length
            ? Waiting(state, $"{usable} of {state.Old.Length} new instances are usable.", now)
            : new ReleaseStep(
                Enter(state, ReleasePhase.Done, now), [new ReleaseEffect.Send(0), new ReleaseEffect.BringBack(Rest(state)), new ReleaseEffect.CloseLane()]);
    }

    private static ReleaseStep Promoting(ReleaseState state, ReleaseFleet fleet, DateTimeOffset now)
    {
        if (!fleet.Lane.IsEmpty || now - state.Since < Settling)
        {
            return new ReleaseStep(state, [new ReleaseEffect.Promote()]);
        }

        if (state.Plan.Strategy == ReleaseStrategy.Half)
        {
            return new ReleaseStep(Enter(state, ReleasePhase.Replacing, now), [new ReleaseEffect.Send(0), new ReleaseEffect.TakeOut(Rest(state))]);
        }

        // Every router has new instances as base by now, so the label leads nowhere else.
        ImmutableArray<ReleaseEffect> close = [new ReleaseEffect.Send(0), new ReleaseEffect.CloseLane()];
        return new ReleaseStep(Enter(state, ReleasePhase.Freeing, now), [.. close, new ReleaseEffect.TakeOut(state.Old)]);
    }

    private static ReleaseStep Freeing(ReleaseState state, ReleaseFleet fleet, DateTimeOffset now)
    {
        if (state.BaseScale == 0)
        {
            return AreGone(fleet.Base, state.Old)
                ? new ReleaseStep(Enter(state, ReleasePhase.Done, now), [new ReleaseEffect.BringBack(state.Old)])
                : new ReleaseStep(state, []);
        }

        return new ReleaseStep(
            state, [IsEmpty(state, fleet.Base, state.Old, now) ? new ReleaseEffect.ScaleBase(0, state.Old) : new ReleaseEffect.TakeOut(state.Old)]);
    }

    private static ReleaseStep RollingBack(ReleaseState state, ReleaseFleet fleet, DateTimeOffset now)
    {
        if (state.BaseScale >= 0 && state.BaseScale != state.Old.Length)
        {
            return new ReleaseStep(state, [new ReleaseEffect.Send(0), new ReleaseEffect.BringBack(state.Old), new ReleaseEffect.ScaleBase(state.Old.Length, [])]);
        }

        // Requests that carry the lane's label are still under way, and old instances are to be back before new ones go.
        var isBack = Usable(fleet.Base) >= state.Old.Length || now - state.Since > state.Plan.StartTime;
        if (!isBack || !IsEmpty(state, fleet.Lane, Targets(fleet.Lane), now))
        {
            return new ReleaseStep(state, [new ReleaseEffect.Send(0), new ReleaseEffect.BringBack(state.Old)]);
        }

        return state.LaneScale is not (-1 or 0)
            ? new ReleaseStep(state, [new ReleaseEffect.ScaleLane(0)])
            : new ReleaseStep(Enter(state, ReleasePhase.RolledBack, now), [new ReleaseEffect.CloseLane()]);
    }

    private static ReleaseStep RollBack(ReleaseState state, string? reason, DateTimeOffset now) => new(
        Enter(state, ReleasePhase.RollingBack, now) with { IsPaused = false, Reason = reason },
        [new ReleaseEffect.Send(0), new ReleaseEffect.BringBack(state.Old)]);

    private static ReleaseStep Send(ReleaseState state) => new(state, [new ReleaseEffect.Send(state.Ratio)]);

    private static ReleaseState Enter(ReleaseState state, ReleasePhase phase, DateTimeOffset now) => state with { Phase = phase, Since = now };

    /// <summary>All requests of both versions, on the usable new instances alone.</summary>
    private static string? CannotTakeAll(ReleaseState state, ReleaseFleet fleet) =>
        ReleaseRules.CannotCarry([.. fleet.Base, .. fleet.Lane], Usable(fleet.Lane), state.Plan.Bounds);

    /// <summary>Whether those taken out have had time to be known as such, and have nothing under way or no more time.</summary>
    private static bool IsEmpty(ReleaseState state, ImmutableArray<ReleaseMember> members, ImmutableArray<ReleaseTarget> targets, DateTimeOffset now)
    {
        var since = now - state.Since;
        return since >= Settling
            && (since >= state.Plan.DrainTime
                || !members.Any(member => member.InFlight > 0 && targets.Any(target => target.Id == member.Id)));
    }

    /// <summary>Only then may their addresses serve again: another instance may come to have them.</summary>
    private static bool AreGone(ImmutableArray<ReleaseMember> members, ImmutableArray<ReleaseTarget> targets) =>
        !members.Any(member => targets.Any(target => target.Id == member.Id));

    private static ReleaseStep Waiting(ReleaseState state, string reason, DateTimeOffset now) =>
        now - state.Since > state.Plan.StartTime + state.Plan.DrainTime ? Pause(state, reason) : new ReleaseStep(state, []);

    private static bool IsOld(ReleaseState state, ReleaseMember member) => state.Old.Any(target => target.Id == member.Id);

    private static ImmutableArray<ReleaseTarget> Rest(ReleaseState state) => state.Old[state.Leaving.Length..];

    private static int Usable(ImmutableArray<ReleaseMember> members) => members.Count(member => member.IsUsable);

    private static ImmutableArray<ReleaseTarget> Targets(ImmutableArray<ReleaseMember> members) =>
        [.. members.OrderBy(member => member.Id, StringComparer.Ordinal).Select(member => new ReleaseTarget(member.Id, member.Address))];

    private static ReleaseRefusedException Wrong(ReleaseState state, string what) =>
        new(ReleaseCodes.WrongPhase, $"The release of '{state.Plan.Service}' is {Word(state)} and cannot be {what}.");

    private static string Word(ReleaseState state) => (state.IsPaused ? "paused while " : "") + state.Phase switch
    {
        ReleasePhase.RollingBack => "rolling back",
        ReleasePhase.RolledBack => "rolled back",
        var phase => phase.ToString().ToLowerInvariant(),
    };
}

/// <summary>A release that may not go that way; the code is one of <see cref="ReleaseCodes"/>.</summary>
public sealed class ReleaseRefusedException(string code, string message) : Exception(message)
{
    public string Code { get; } = code;
}

/// <summary>Stable codes of releases.</summary>
public static class ReleaseCodes
{
    public const string NothingToReplace = "NOTHING_TO_REPLACE";
    public const string CapacityShort = "CAPACITY_SHORT";
    public const string WrongPhase = "RELEASE_PHASE";
    public const string Running = "RELEASE_RUNNING";
}
