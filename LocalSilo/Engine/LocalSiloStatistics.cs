namespace Fairway.LocalSilo;

/// <summary>What runs in the engine now, for inspection.</summary>
public sealed class LocalSiloStatistics
{
    private readonly Silo _silo;

    internal LocalSiloStatistics(Silo silo) => _silo = silo;

    /// <summary>One entry for each grain class, by type.</summary>
    public IReadOnlyList<GrainTypeStatistics> Read() =>
    [
        .. _silo.Classes.All
            .GroupJoin(_silo.Activations, known => known, activation => activation.Class, (known, activations) => (known, activations: activations.ToArray()))
            .Select(entry => new GrainTypeStatistics(
                entry.known.GrainType.ToString(),
                entry.known.Type.FullName!,
                entry.activations.Length,
                entry.known.RetiredCalls + entry.activations.Sum(activation => activation.Calls)))
            .OrderBy(entry => entry.Type, StringComparer.Ordinal),
    ];
}

/// <param name="Type">The type part of the grain ids.</param>
/// <param name="Class">The full name of the class.</param>
/// <param name="Activations">How many are in memory.</param>
/// <param name="Calls">How many calls were started since the silo did; the rate is the reader's to take.</param>
public sealed record GrainTypeStatistics(string Type, string Class, int Activations, long Calls);
