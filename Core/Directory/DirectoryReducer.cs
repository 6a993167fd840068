using System.Collections.Immutable;

namespace Fairway.Core.Directory;

/// <summary>
/// What the watcher does with what it reads: (state, event) to (state, effects), pure. Its aim is never to empty
/// a list by accident: watched deletes count at once, a failed listing changes nothing, and a re-listing that
/// lost more than is likely is believed only after <see cref="Hold"/>.
/// </summary>
public sealed class DirectoryReducer
{
    private const int SmallestGuardedService = 3;

    /// <summary>How long instances that a re-listing lost are held; default 10 s.</summary>
    public TimeSpan Hold { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The next state, and what to tell the rest, in order.</summary>
    public (DirectoryState State, ImmutableArray<DirectoryEffect> Effects) Apply(DirectoryState state, DirectoryEvent happened)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(happened);
        var draft = new DirectoryDraft(state);
        switch (happened)
        {
            case Listed listed:
                List(state, draft, listed);
                break;
            case Changed changed when state.IsReady && changed.Revision >= state.Revision:
                Change(draft, changed);
                break;
            case Lost:
                draft.Lose(happened.Now);
                break;
        }

        return draft.Finish(happened.Now);
    }

    private static void Change(DirectoryDraft draft, Changed changed)
    {
        draft.Recover();
        if (changed.Changes.Count == 0 && changed.Unreadable.Count == 0)
        {
            return; // progress may run ahead of events that are still to come: it moves no revision
        }

        draft.Revision = changed.Revision;
        draft.Keep(changed.Unreadable, isOther: false);
        foreach (var change in changed.Changes)
        {
            var known = draft.Find(change.Key);
            if (change.Fact is { } fact)
            {
                // A batch may be read twice around a resumed watch: only what is newer counts.
                if (known is null || fact.ModRevision > known.ModRevision)
                {
                    draft.Put(fact);
                }
            }
            else if (known is not null && change.ModRevision > known.ModRevision)
            {
                draft.Remove(change.Key);
            }
        }
    }

    private void List(DirectoryState state, DirectoryDraft draft, Listed listed)
    {
        var isOther = state.IsReady && (listed.Restored || listed.Revision < state.Revision || listed.ClusterId != state.ClusterId);
        if (isOther)
        {
            draft.ChangeEpoch();
        }

        draft.Recover();
        draft.IsReady = true;
        draft.Revision = listed.Revision;
        draft.ClusterId = listed.ClusterId;

        var present = listed.Facts.Select(fact => fact.Key).Concat(listed.Unreadable).ToHashSet();
        var missing = state.Facts.Keys.Where(key => !present.Contains(key)).ToList();
        var suspicious = Suspicious(state, missing);
        foreach (var key in missing)
        {
            if (key.Kind is FactKind.Instance && suspicious(key))
            {
                draft.HoldUntil(key, listed.Now.Elapsed + Hold);
            }
            else
            {
                draft.Remove(key);
            }
        }

        draft.Keep(listed.Unreadable, isOther);
        foreach (var fact in listed.Facts)
        {
            // Revisions of another cluster are not comparable: there everything counts as new.
            if (isOther || draft.Find(fact.Key)?.ModRevision != fact.ModRevision)
            {
                draft.Put(fact);
            }
        }
    }

    /// <summary>Which losses are held: all when over half of all instances are gone, else those of services that lost over half of three or more.</summary>
    private static Func<FactKey, bool> Suspicious(DirectoryState state, List<FactKey> missing)
    {
        var lost = missing.Where(key => key.Kind is FactKind.Instance).CountBy(key => key.First).ToDictionary();
        if (2 * lost.Values.Sum() > state.Services.Values.Sum(service => service.Instances.Count))
        {
            return _ => true;
        }

        return key =>
        {
            var had = state.Services[key.First].Instances.Count;
            return state.Held.ContainsKey(key) || (had >= SmallestGuardedService && 2 * lost[key.First] > had);
        };
    }
}
