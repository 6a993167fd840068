using System.Collections.Immutable;

namespace Fairway.Core.Scoring;

/// <summary>One term of a prediction.</summary>
/// <param name="Name">The coefficient's name, as in <c>policy.coefficients</c>.</param>
/// <param name="Coefficient">Milliseconds a unit of the figure.</param>
/// <param name="Value">The figure; 1 for the intercept, NaN where it was not reported.</param>
/// <param name="Ms">What it adds to the prediction.</param>
public readonly record struct CostTerm(string Name, double Coefficient, double Value, double Ms);

/// <summary>
/// Predicted latency of the next request in ms, linear in the window's means. The shipped default is fitted to a recording of the
/// sample Backends under load (docs/scoring.md): a busy processor, requests in flight and the latency so far. By hand are a trifle
/// for memory, which decides between equals, and 1000 ms for failing always, since a failure is a request made twice.
/// </summary>
public sealed record CostModel
{
    /// <summary>No prediction is below this, in ms.</summary>
    public const double FloorMs = 0.1;

    private const double CeilingMs = 1e12;

    public static readonly CostModel Default = new();

    /// <summary>ms for being asked at all; 0, so that what is fitted stays in proportion for faster and slower services.</summary>
    public double Intercept { get; init; }

    /// <summary>ms for all of the processor.</summary>
    public double Cpu { get; init; } = 34;

    /// <summary>ms a GiB.</summary>
    public double MemoryGib { get; init; } = 0.5;

    /// <summary>ms a request in flight.</summary>
    public double InFlight { get; init; } = 15;

    /// <summary>ms a request a second; throughput alone is no burden, so 0.</summary>
    public double Rps { get; init; }

    /// <summary>ms a ms of measured mean latency.</summary>
    public double LatencyMs { get; init; } = 0.41;

    /// <summary>ms for failing always.</summary>
    public double ErrorRate { get; init; } = 1000;

    /// <summary>This model with coefficients replaced by name; unknown names and non-finite values are ignored.</summary>
    public CostModel With(IReadOnlyDictionary<string, double> coefficients)
    {
        ArgumentNullException.ThrowIfNull(coefficients);
        var model = this;
        foreach (var (name, value) in coefficients)
        {
            if (!double.IsFinite(value))
            {
                continue;
            }

            model = name switch
            {
                "intercept" => model with { Intercept = value },
                "cpu" => model with { Cpu = value },
                "memoryGib" => model with { MemoryGib = value },
                "inFlight" => model with { InFlight = value },
                "rps" => model with { Rps = value },
                "latencyMs" => model with { LatencyMs = value },
                "errorRate" => model with { ErrorRate = value },
                _ => model,
            };
        }

        return model;
    }

    /// <summary>The prediction in ms, at least <see cref="FloorMs"/>. A figure that is NaN adds nothing.</summary>
    public double Predict(in LoadSample means)
    {
        var ms = Intercept + Term(Cpu, means.Cpu) + Term(MemoryGib, means.MemoryGib) + Term(InFlight, means.InFlight)
            + Term(Rps, means.Rps) + Term(LatencyMs, means.LatencyMs) + Term(ErrorRate, means.ErrorRate);
        return Math.Clamp(ms, FloorMs, CeilingMs);
    }

    /// <summary>Each term of <see cref="Predict"/>; their sum is the prediction before its floor.</summary>
    public ImmutableArray<CostTerm> Explain(in LoadSample means) =>
    [
        new("intercept", Intercept, 1, Intercept),
        new("cpu", Cpu, means.Cpu, Term(Cpu, means.Cpu)),
        new("memoryGib", MemoryGib, means.MemoryGib, Term(MemoryGib, means.MemoryGib)),
        new("inFlight", InFlight, means.InFlight, Term(InFlight, means.InFlight)),
        new("rps", Rps, means.Rps, Term(Rps, means.Rps)),
        new("latencyMs", LatencyMs, means.LatencyMs, Term(LatencyMs, means.LatencyMs)),
        new("errorRate", ErrorRate, means.ErrorRate, Term(ErrorRate, means.ErrorRate)),
    ];

    private static double Term(double coefficient, double value) => double.IsNaN(value) ? 0 : coefficient * value;
}
