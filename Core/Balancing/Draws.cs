namespace Fairway.Core.Balancing;

/// <summary>
/// Where policies take their chance from: numbers in [0,1), one after another. Injected, so that a simulation repeats itself and
/// another language can be held to the same choices.
/// </summary>
public abstract class Draws
{
    /// <summary>The process's own randomness; safe for all threads.</summary>
    public static readonly Draws Shared = new SharedDraws();

    /// <summary>The next number, at least 0 and below 1.</summary>
    public abstract double Next();

    /// <summary>The next whole number from 0 to <paramref name="count"/> - 1: the floor of a draw times the count.</summary>
    public int Index(int count) => Math.Min((int)(Next() * count), count - 1);

    private sealed class SharedDraws : Draws
    {
        public override double Next() => Random.Shared.NextDouble();
    }
}
