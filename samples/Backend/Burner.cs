using System.Security.Cryptography;

namespace Fairway.Backend;

/// <summary>
/// Burns processor time by hashing. The amount is work, not time on the clock, so that a crowded processor
/// makes requests slower, as it does with real ones.
/// </summary>
public static class Burner
{
    private static readonly Lazy<double> RoundsPerMs = new(Calibrate);

    /// <param name="milliseconds">Of one processor that nobody else uses.</param>
    public static void Burn(double milliseconds)
    {
        if (milliseconds > 0)
        {
            Hash((int)Math.Min(milliseconds * RoundsPerMs.Value, int.MaxValue));
        }
    }

    /// <summary>The best of some short runs: the one least disturbed by others.</summary>
    private static double Calibrate()
    {
        const int rounds = 2_000;
        Hash(rounds);
        var shortest = Enumerable.Range(0, 20).Min(_ =>
        {
            var began = TimeProvider.System.GetTimestamp();
            Hash(rounds);
            return TimeProvider.System.GetElapsedTime(began).TotalMilliseconds;
        });
        return rounds / shortest;
    }

    private static void Hash(int rounds)
    {
        Span<byte> block = stackalloc byte[SHA256.HashSizeInBytes];
        block.Clear();
        for (var round = 0; round < rounds; round++)
        {
            SHA256.HashData(block, block);
        }
    }
}
