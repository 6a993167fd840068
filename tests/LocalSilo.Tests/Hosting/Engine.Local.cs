namespace Fairway.LocalSilo.Tests;

internal static class Engine
{
    public static void Prepare(ISiloBuilder silo) => ArgumentNullException.ThrowIfNull(silo);

    /// <summary>Nothing to shorten: callers wait by the clock of the test.</summary>
    public static void ShortenWaits(ISiloBuilder silo) => ArgumentNullException.ThrowIfNull(silo);
}
