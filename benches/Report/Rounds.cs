namespace Fairway.Report;

/// <summary>Repeats measurements in turn, so that what else the machine does meets all of them alike.</summary>
public static class Rounds
{
    /// <summary>Fewer make no median to be believed.</summary>
    public const int Least = 5;

    /// <summary>Runs each measurement once a round, after one round that does not count; the figures of each, in their order.</summary>
    public static async Task<double[][]> RunAsync(int rounds, params Func<Task<double>>[] measurements)
    {
        var figures = measurements.Select(_ => new double[rounds]).ToArray();
        for (var round = -1; round < rounds; round++)
        {
            for (var index = 0; index < measurements.Length; index++)
            {
                var figure = await measurements[index]();
                if (round >= 0)
                {
                    figures[index][round] = figure;
                }
            }
        }

        return figures;
    }

    public static double Median(IEnumerable<double> figures) => Percentile(figures, 0.5);

    /// <summary>The smallest figure that at least this share of all, 0 to 1, does not exceed.</summary>
    public static double Percentile(IEnumerable<double> figures, double share)
    {
        var sorted = figures.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
    }

    /// <summary>The median over rounds of what the one measured to what its peer did in the same round.</summary>
    public static double MedianRatio(double[] figures, double[] peers) => Median(figures.Zip(peers, (figure, peer) => figure / peer));
}
