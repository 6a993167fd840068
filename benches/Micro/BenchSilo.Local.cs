namespace Fairway.Micro;

internal static partial class BenchSilo
{
    public const string Engine = "local";

    private static void Prepare(ISiloBuilder silo) => ArgumentNullException.ThrowIfNull(silo);
}
