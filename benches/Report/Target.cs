using System.Globalization;

namespace Fairway.Report;

/// <summary>A bound that a figure has to keep.</summary>
public readonly record struct Target(double Bound, bool IsCeiling)
{
    public static Target AtMost(double bound) => new(bound, IsCeiling: true);

    public static Target AtLeast(double bound) => new(bound, IsCeiling: false);

    public bool IsReachedBy(double figure) => IsCeiling ? figure <= Bound : figure >= Bound;

    public string Text(string unit) => string.Create(CultureInfo.InvariantCulture, $"{(IsCeiling ? "<=" : ">=")} {Bound:0.###}{unit}");
}
