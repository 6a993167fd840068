namespace Fairway.Core.Scoring;

/// <summary>One instance among those it is compared with: in, its load; out, its score and weight.</summary>
public struct Contender
{
    /// <summary>The window's means; meaningless unless <see cref="IsSampled"/>.</summary>
    public LoadSample Means { get; set; }

    /// <summary>It reported at least once.</summary>
    public bool IsSampled { get; set; }

    /// <summary>It is settled and usable, so that the others are measured by it.</summary>
    public bool IsPeer { get; set; }

    /// <summary>Predicted latency in ms; NaN if never sampled.</summary>
    public double Score { get; set; }

    /// <summary>Before decay, smoothing and warm-up; 1 if never sampled.</summary>
    public double Weight { get; set; }
}

/// <summary>
/// Scores the instances of one (service, lane) against each other. A figure that an instance lacks but its
/// peers report counts as their median, so that silence neither attracts nor repels.
/// Medians are lower medians: the figure of an existing instance, which one bad of two cannot lift.
/// </summary>
public sealed class LaneScorer(CostModel model, WeightOptions options)
{
    private double[] _scratch = [];

    /// <summary>Fills in <see cref="Contender.Score"/> and <see cref="Contender.Weight"/>; O(n).</summary>
    public void Score(Span<Contender> contenders)
    {
        if (_scratch.Length < contenders.Length)
        {
            _scratch = new double[contenders.Length];
        }

        var substitutes = Substitutes(contenders);
        foreach (ref var contender in contenders)
        {
            contender.Score = contender.IsSampled ? model.Predict(Filled(contender.Means, substitutes)) : double.NaN;
        }

        // What an instance costs is measured by those that work; if none does, by what there is.
        var measure = Measure.WorkingPeers;
        var median = Median(contenders, measure, penaltyMedian: null);
        while (double.IsNaN(median) && measure < Measure.AllSampled)
        {
            measure++;
            median = Median(contenders, measure, penaltyMedian: null);
        }

        var medianCost = Median(contenders, measure, penaltyMedian: median);
        foreach (ref var contender in contenders)
        {
            contender.Weight = contender.IsSampled
                ? Weights.FromCost(Cost(contender, median), medianCost, options)
                : 1;
        }
    }

    private static LoadSample Filled(in LoadSample means, in LoadSample substitutes) => new(
        Or(means.Cpu, substitutes.Cpu),
        Or(means.MemoryGib, substitutes.MemoryGib),
        Or(means.InFlight, substitutes.InFlight),
        Or(means.LatencyMs, substitutes.LatencyMs),
        Or(means.Rps, substitutes.Rps),
        Or(means.ErrorRate, substitutes.ErrorRate));

    private static double Or(double value, double substitute) => double.IsNaN(value) ? substitute : value;

    private double Cost(in Contender contender, double median) =>
        contender.Score + Weights.Penalty(contender.Means.ErrorRate, median, options);

    private LoadSample Substitutes(ReadOnlySpan<Contender> contenders) => !LacksAny(contenders) ? default : new(
        Substitute(contenders, static means => means.Cpu),
        Substitute(contenders, static means => means.MemoryGib),
        Substitute(contenders, static means => means.InFlight),
        Substitute(contenders, static means => means.LatencyMs),
        Substitute(contenders, static means => means.Rps),
        Substitute(contenders, static means => means.ErrorRate));

    private static bool LacksAny(ReadOnlySpan<Contender> contenders)
    {
        foreach (ref readonly var contender in contenders)
        {
            var means = contender.Means;
            if (contender.IsSampled && double.IsNaN(means.Cpu + means.MemoryGib + means.InFlight + means.LatencyMs + means.Rps + means.ErrorRate))
            {
                return true;
            }
        }

        return false;
    }

    private double Substitute(ReadOnlySpan<Contender> contenders, Func<LoadSample, double> figure)
    {
        var count = 0;
        var missing = false;
        foreach (ref readonly var contender in contenders)
        {
            if (!contender.IsSampled)
            {
                continue;
            }

            var value = figure(contender.Means);
            missing |= double.IsNaN(value);
            if (contender.IsPeer && !double.IsNaN(value))
            {
                _scratch[count++] = value;
            }
        }

        return missing ? LowerMedian(count) : double.NaN;
    }

    private double Median(ReadOnlySpan<Contender> contenders, Measure measure, double? penaltyMedian)
    {
        var count = 0;
        foreach (ref readonly var contender in contenders)
        {
            var counts = contender.IsSampled && measure switch
            {
                Measure.WorkingPeers => contender.IsPeer && !(contender.Means.ErrorRate >= options.FailingErrorRate),
                Measure.Peers => contender.IsPeer,
                _ => true,
            };
            if (counts)
            {
                _scratch[count++] = penaltyMedian is { } median ? Cost(contender, median) : contender.Score;
            }
        }

        return LowerMedian(count);
    }

    private double LowerMedian(int count) => count == 0 ? double.NaN : Selection.Smallest(_scratch.AsSpan(0, count), (count - 1) / 2);

    private enum Measure
    {
        WorkingPeers,
        Peers,
        AllSampled,
    }
}
