using System.Buffers;

namespace Fairway.Core.Lanes;

/// <summary>The form of a lane label: 1-64 of <c>A-Za-z0-9._-</c>.</summary>
public static class Label
{
    public const int MaxLength = 64;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    public static bool IsValid(ReadOnlySpan<char> label) =>
        label.Length is > 0 and <= MaxLength && !label.ContainsAnyExcept(Allowed);
}
