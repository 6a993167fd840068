using Fairway.Core.Balancing;

namespace Fairway.Simulation;

/// <summary>A run's randomness: xoshiro256** (D. Blackman and S. Vigna) seeded by SplitMix64, the same for a seed on every machine.</summary>
internal sealed class Chance : Draws
{
    private ulong _a, _b, _c, _d;
    private double _spare = double.NaN;

    public Chance(ulong seed)
    {
        ulong Split()
        {
            seed += 0x9e3779b97f4a7c15;
            var z = seed;
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
            z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
            return z ^ (z >> 31);
        }

        (_a, _b, _c, _d) = (Split(), Split(), Split(), Split());
    }

    public override double Next()
    {
        var result = ulong.RotateLeft(_b * 5, 7) * 9;
        var t = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= t;
        _d = ulong.RotateLeft(_d, 45);
        return (result >> 11) * (1.0 / (1ul << 53));
    }

    /// <summary>Exponentially distributed.</summary>
    public double Span(double mean) => -Math.Log(1 - Next()) * mean;

    /// <summary>Normally distributed (Marsaglia's polar method).</summary>
    public double Normal(double mean, double deviation)
    {
        if (!double.IsNaN(_spare))
        {
            var kept = _spare;
            _spare = double.NaN;
            return mean + (deviation * kept);
        }

        double u, v, s;
        do
        {
            u = (2 * Next()) - 1;
            v = (2 * Next()) - 1;
            s = (u * u) + (v * v);
        }
        while (s is >= 1 or 0);
        var factor = Math.Sqrt(-2 * Math.Log(s) / s);
        _spare = v * factor;
        return mean + (deviation * u * factor);
    }
}
