namespace Fairway.Core.Scoring;

/// <summary>The steps from a cost to a weight, each a pure function. 1.0 is the median instance's weight.</summary>
public static class Weights
{
    /// <summary>The weight of a cost: median / cost, between floor and ceiling.</summary>
    public static double FromCost(double cost, double median, WeightOptions options) =>
        Math.Clamp(median / cost, options.Floor, options.Ceiling);

    /// <summary>
    /// What failing adds to the cost, in ms: the error rate times the larger of a fixed sum and a multiple of the
    /// median, so that an instance that fails always ends at the floor however fast it fails.
    /// </summary>
    public static double Penalty(double errorRate, double median, WeightOptions options) =>
        double.IsNaN(errorRate) ? 0 : errorRate * Math.Max(options.ErrorPenaltyMs, options.ErrorPenaltyMedians * median);

    /// <summary>
    /// The weight as its sample ages: unchanged while fresh, then its distance from 1 halves every so many
    /// report intervals. An old figure says nothing about now, in either direction.
    /// </summary>
    public static double Decayed(double weight, TimeSpan age, TimeSpan interval, WeightOptions options)
    {
        var reckoned = interval < options.MinReportInterval ? options.MinReportInterval : interval;
        var overdue = (age / reckoned) - options.FreshIntervals;
        return overdue <= 0 ? weight : 1 + ((weight - 1) * Math.Pow(0.5, overdue / options.StaleHalfLifeIntervals));
    }

    /// <summary>One step of exponential smoothing that took <paramref name="elapsed"/>.</summary>
    public static double Smoothed(double previous, double target, TimeSpan elapsed, WeightOptions options) =>
        options.Smoothing == TimeSpan.Zero
            ? target
            : previous + ((target - previous) * (1 - Math.Exp(-(elapsed / options.Smoothing))));

    /// <summary>A newcomer's weight: from the floor in a straight line to its own.</summary>
    public static double Warmed(double weight, TimeSpan sinceFirstSight, WeightOptions options)
    {
        var progress = options.WarmUp == TimeSpan.Zero ? 1 : Math.Clamp(sinceFirstSight / options.WarmUp, 0, 1);
        return options.Floor + (progress * (weight - options.Floor));
    }
}
