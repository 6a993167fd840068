using Fairway.LocalSilo;

namespace Fairway.Silo.Inspection;

/// <summary>The one silo there is.</summary>
internal sealed class GrainInspector(LocalSiloStatistics statistics, ILocalSiloDetails here, CallRates rates) : IGrainInspector
{
    public Task<GrainOverview> InspectAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var calls = rates.Read();
        var types = statistics.Read()
            .Select(type => new GrainTypeFigures(ClassName(type.Class), type.Activations, calls.GetValueOrDefault(ClassName(type.Class))))
            .OrderBy(type => type.Type, StringComparer.Ordinal)
            .ToList();
        return Task.FromResult(new GrainOverview(FairwayEngine.Name, [new SiloGrains(here.SiloAddress.ToParsableString(), types)]));
    }

    private static string ClassName(string fullName) => fullName[(fullName.LastIndexOfAny(['.', '+']) + 1)..];
}
