using Fairway.Core.Scoring;
using MathNet.Numerics.LinearAlgebra;

namespace Fairway.Exporter.Fit;

/// <summary>A figure's coefficient; null where it was left out, with the reason.</summary>
public sealed record FittedTerm(string Name, double? Coefficient, string Why);

/// <summary>
/// An ordinary least squares fit of the next interval's latency on the window's means, solved by QR. Every fifth row is held out;
/// <see cref="HeldOutR2"/> is of those, <see cref="R2"/> of the rest.
/// </summary>
/// <param name="BaselineR2">Of the held out rows, predicting that the latency stays as it is.</param>
/// <param name="DefaultR2">Of the held out rows, predicted by the shipped <see cref="CostModel.Default"/> without its penalty for errors.</param>
/// <param name="Predicted">Of the held out rows, with <paramref name="DefaultPredicted"/> and <paramref name="Seen"/>.</param>
public sealed record LinearFit(
    IReadOnlyList<FittedTerm> Terms, int Rows, double R2, double HeldOutR2, double BaselineR2, double DefaultR2, double MeanAbsoluteErrorMs,
    IReadOnlyList<double> Predicted, IReadOnlyList<double> DefaultPredicted, IReadOnlyList<double> Seen)
{
    public const int HoldOutEvery = 5;

    private const double Tolerance = 1e-8;

    /// <summary>The names of all figures.</summary>
    public static IReadOnlyList<string> Figures => [.. Columns.Select(column => column.Name)];

    private static readonly (string Name, Func<LoadSample, double> Figure)[] Columns =
    [
        ("cpu", means => means.Cpu), ("memoryGib", means => means.MemoryGib), ("inFlight", means => means.InFlight),
        ("latencyMs", means => means.LatencyMs), ("rps", means => means.Rps), ("errorRate", means => means.ErrorRate),
    ];

    /// <param name="recorded">At least 20 rows.</param>
    /// <param name="figures">The figures to fit, by name; null takes all.</param>
    /// <param name="nonNegative">Leaves out figures, the one with the most negative effect first, until no coefficient is below 0.</param>
    /// <param name="throughOrigin">
    /// No intercept: what is fitted is in proportion, and so holds for services that are faster or slower than the recorded ones.
    /// </param>
    /// <exception cref="ArgumentException">Too few rows to say anything.</exception>
    public static LinearFit Of(IReadOnlyList<RecordedRow> recorded, bool nonNegative, IReadOnlyCollection<string>? figures = null, bool throughOrigin = false)
    {
        ArgumentNullException.ThrowIfNull(recorded);
        var why = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, figure) in Columns.Where(column => recorded.All(row => double.IsNaN(column.Figure(row.Means)))))
        {
            why[name] = "never reported";
        }

        foreach (var (name, _) in Columns.Where(column => figures?.Contains(column.Name) == false))
        {
            why[name] = "not asked for";
        }

        // A row that lacks a figure which others have says nothing about it.
        var rows = recorded.Where(row => Columns.All(column => why.ContainsKey(column.Name) || double.IsFinite(column.Figure(row.Means)))).ToList();
        var taught = rows.Where((_, i) => i % HoldOutEvery != HoldOutEvery - 1).ToList();
        var held = rows.Where((_, i) => i % HoldOutEvery == HoldOutEvery - 1).ToList();
        if (taught.Count < 16)
        {
            throw new ArgumentException($"{recorded.Count} rows are too few; a fit needs 20 or more that are whole.", nameof(recorded));
        }

        var chosen = Independent(taught, why);
        var solution = Solve(taught, chosen, throughOrigin);
        while (nonNegative && chosen.Select((name, i) => (Name: name, Effect: solution[i + 1] * Spread(taught, name))).Where(term => term.Effect < 0).ToList() is { Count: > 0 } negative)
        {
            var worst = negative.MinBy(term => term.Effect).Name;
            why[worst] = "negative: left out";
            chosen.Remove(worst);
            solution = Solve(taught, chosen, throughOrigin);
        }

        var predicted = held.ConvertAll(row => Predict(row, chosen, solution));
        var shipped = CostModel.Default with { ErrorRate = 0 }; // a penalty is no latency
        var byDefault = held.ConvertAll(row => shipped.Predict(row.Means));
        var seen = held.ConvertAll(row => row.NextLatencyMs);
        return new LinearFit(
            [new FittedTerm("intercept", throughOrigin ? null : solution[0], throughOrigin ? "through the origin" : ""), .. Columns.Select(column => new FittedTerm(
                column.Name,
                chosen.IndexOf(column.Name) is >= 0 and var at ? solution[at + 1] : null,
                why.GetValueOrDefault(column.Name, "")))],
            rows.Count,
            Determination(taught.ConvertAll(row => Predict(row, chosen, solution)), taught.ConvertAll(row => row.NextLatencyMs)),
            Determination(predicted, seen),
            Determination(held.ConvertAll(row => row.Means.LatencyMs), seen),
            Determination(byDefault, seen),
            predicted.Zip(seen, (a, b) => Math.Abs(a - b)).Average(),
            predicted,
            byDefault,
            seen);
    }

    private static Func<LoadSample, double> FigureOf(string name) => Columns.First(column => column.Name == name).Figure;

    private static double Predict(RecordedRow row, List<string> chosen, Vector<double> solution) =>
        solution[0] + chosen.Select((name, i) => solution[i + 1] * FigureOf(name)(row.Means)).Sum();

    /// <summary>Leaves out constants and figures that others already tell: those with nothing left in R of a QR of scaled columns.</summary>
    private static List<string> Independent(List<RecordedRow> rows, Dictionary<string, string> why)
    {
        var chosen = new List<string>();
        foreach (var (name, _) in Columns.Where(column => !why.ContainsKey(column.Name)))
        {
            if (Spread(rows, name) < Tolerance)
            {
                why[name] = "constant";
                continue;
            }

            var r = Scaled(rows, [.. chosen, name]).QR().R;
            if (Math.Abs(r[chosen.Count + 1, chosen.Count + 1]) < Tolerance * Math.Sqrt(rows.Count))
            {
                why[name] = "told by the others";
                continue;
            }

            chosen.Add(name);
        }

        return chosen;
    }

    /// <summary>The intercept, 0 through the origin, then the coefficient of each chosen figure.</summary>
    private static Vector<double> Solve(List<RecordedRow> rows, List<string> chosen, bool throughOrigin)
    {
        var seen = Vector<double>.Build.Dense([.. rows.Select(row => row.NextLatencyMs)]);
        if (throughOrigin)
        {
            var plain = Matrix<double>.Build.DenseOfColumnVectors(chosen.Select(name =>
                Vector<double>.Build.Dense(rows.Count, i => FigureOf(name)(rows[i].Means) / Spread(rows, name))));
            var slopes = plain.QR().Solve(seen);
            return Vector<double>.Build.Dense(chosen.Count + 1, i => i == 0 ? 0 : slopes[i - 1] / Spread(rows, chosen[i - 1]));
        }

        var scaled = Scaled(rows, chosen).QR().Solve(seen);
        for (var i = 0; i < chosen.Count; i++)
        {
            scaled[i + 1] /= Spread(rows, chosen[i]);
            scaled[0] -= scaled[i + 1] * Mean(rows, chosen[i]);
        }

        return scaled;
    }

    /// <summary>Ones, then each figure with mean 0 and deviation 1, so that one tolerance fits all units.</summary>
    private static Matrix<double> Scaled(List<RecordedRow> rows, List<string> names) => Matrix<double>.Build.DenseOfColumnVectors(
        [
            Vector<double>.Build.Dense(rows.Count, 1),
            .. names.Select(name =>
            {
                var (figure, mean, spread) = (FigureOf(name), Mean(rows, name), Spread(rows, name));
                return Vector<double>.Build.Dense(rows.Count, i => (figure(rows[i].Means) - mean) / spread);
            }),
        ]);

    private static double Mean(List<RecordedRow> rows, string name) => rows.Average(row => FigureOf(name)(row.Means));

    private static double Spread(List<RecordedRow> rows, string name)
    {
        var (figure, mean) = (FigureOf(name), Mean(rows, name));
        return Math.Sqrt(rows.Average(row => Math.Pow(figure(row.Means) - mean, 2)));
    }

    /// <summary>R2: 1 - squared error / squared deviation from the mean; below 0 is worse than the mean.</summary>
    private static double Determination(List<double> predicted, List<double> seen)
    {
        var mean = seen.Average();
        return 1 - (predicted.Zip(seen, (a, b) => (a - b) * (a - b)).Sum() / seen.Sum(value => (value - mean) * (value - mean)));
    }
}
