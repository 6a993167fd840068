namespace Fairway.LocalSilo.Tests;

internal static class Engine
{
    public static void Prepare(ISiloBuilder silo) => ArgumentNullException.ThrowIfNull(silo);
}
