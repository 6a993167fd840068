namespace Fairway.Silo.Inspection;

/// <summary>What runs where, on either engine: the answer of <c>GET /v1/grains</c>.</summary>
public interface IGrainInspector
{
    Task<GrainOverview> InspectAsync(CancellationToken cancellationToken = default);
}

/// <param name="Engine"><c>local</c> or <c>orleans</c>.</param>
public sealed record GrainOverview(string Engine, IReadOnlyList<SiloGrains> Silos);

public sealed record SiloGrains(string Silo, IReadOnlyList<GrainTypeFigures> Grains);

/// <summary>Activations of one grain class in one silo.</summary>
/// <param name="Type">The class's name without namespace.</param>
/// <param name="CallsPerSecond">Mean of the last seconds; null for a silo other than the one asked.</param>
public sealed record GrainTypeFigures(string Type, int Active, double? CallsPerSecond);
