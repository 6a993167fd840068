using System.Runtime.CompilerServices;
using Fairway.Testing;

namespace Fairway.Edge.Tests;

/// <summary><see cref="Eventually"/> with the patience that several real processes on a busy machine need.</summary>
public static class Soon
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static Task True(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        Eventually.True(condition, Patience, what);

    public static Task TrueAsync(Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        Eventually.TrueAsync(condition, Patience, what);

    public static Task Passes(Func<Task> body) => Eventually.Passes(body, Patience);
}
