namespace Fairway.Silo.Inspection;

/// <summary>Counts by the cluster's management grain; rates of this silo.</summary>
internal sealed class GrainInspector(IGrainFactory grains, IServiceProvider services, CallRates rates) : IGrainInspector
{
    /// <summary>Null in a client of the cluster.</summary>
    private SiloAddress? Here => (services.GetService(typeof(ILocalSiloDetails)) as ILocalSiloDetails)?.SiloAddress;

    public async Task<GrainOverview> InspectAsync(CancellationToken cancellationToken = default)
    {
        var statistics = await grains.GetGrain<IManagementGrain>(0).GetSimpleGrainStatistics(cancellationToken).WaitAsync(cancellationToken);
        var calls = rates.Read();
        var silos = statistics.GroupBy(figure => figure.SiloAddress)
            .Select(silo => new SiloGrains(silo.Key.ToParsableString(), Figures(silo, silo.Key.Equals(Here) ? calls : null)))
            .OrderBy(silo => silo.Silo, StringComparer.Ordinal)
            .ToList();
        return new GrainOverview(FairwayEngine.Name, silos);
    }

    private static List<GrainTypeFigures> Figures(IEnumerable<SimpleGrainStatistic> silo, IReadOnlyDictionary<string, double>? calls) =>
        [.. silo.GroupBy(figure => ClassName(figure.GrainType), StringComparer.Ordinal)
            .Select(type => new GrainTypeFigures(type.Key, type.Sum(figure => figure.ActivationCount), calls?.GetValueOrDefault(type.Key)))
            .OrderBy(type => type.Type, StringComparer.Ordinal)];

    /// <summary>Of <c>Some.Space.TheGrain,Some.Assembly</c>: <c>TheGrain</c>.</summary>
    private static string ClassName(string grainType)
    {
        var name = grainType.AsSpan();
        var comma = name.IndexOf(',');
        name = comma < 0 ? name : name[..comma];
        return name[(name.LastIndexOfAny('.', '+') + 1)..].ToString();
    }
}
