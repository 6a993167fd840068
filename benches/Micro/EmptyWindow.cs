using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Fairway.Core.Scoring;

namespace Fairway.Micro;

/// <summary>The peer of the window: calls of the same shape that do nothing.</summary>
internal sealed class EmptyWindow(WindowSnapshot snapshot)
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    [SuppressMessage("Performance", "CA1822", Justification = "A call on an object, as that of the window is.")]
    public void Add(in LoadSample sample, TimeSpan at)
    {
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public WindowSnapshot Snapshot(TimeSpan now) => snapshot;
}
