using System.Text.RegularExpressions;
using Fairway.Registry;

namespace Fairway.Exporter.Tests.Hosting;

/// <summary>Several exporters over one registry; each sees it through a fault of its own.</summary>
internal sealed class ExporterGroup(IRegistry registry) : IAsyncDisposable
{
    private readonly Dictionary<string, (ExporterHost Host, FaultyRegistry Faulty)> _exporters = [];

    public async Task AddAsync(string id, params (string Key, string Value)[] settings)
    {
        var faulty = new FaultyRegistry(registry);
        _exporters.Add(id, (await ExporterHost.StartAsync(faulty, [("Exporter:Id", id), ("Exporter:LeaseSeconds", "5"), .. settings]), faulty));
    }

    /// <summary>As far as the registry can tell it died: no renewal, no put, no goodbye.</summary>
    public void Kill(string id) => _exporters[id].Faulty.GoAway();

    public void Revive(string id) => _exporters[id].Faulty.ComeBack();

    /// <summary>Shuts it down properly.</summary>
    public async Task StopAsync(string id)
    {
        _exporters.Remove(id, out var exporter);
        await exporter.Host.DisposeAsync();
    }

    public Task<string> MetricsAsync(string id) => _exporters[id].Host.MetricsAsync();

    /// <summary>The instances that an exporter probes and has found up or down.</summary>
    public async Task<IReadOnlySet<string>> ProbedByAsync(string id) =>
        Regex.Matches(await MetricsAsync(id), "fairway_instance_up{[^}]*instance=\"([^\"]+)\"").Select(match => match.Groups[1].Value).ToHashSet();

    public async Task<int> CountAsync(params string[] ids)
    {
        var all = new HashSet<string>();
        var sum = 0;
        foreach (var id in ids)
        {
            var probed = await ProbedByAsync(id);
            sum += probed.Count;
            all.UnionWith(probed);
        }

        return sum == all.Count ? sum : -1; // not by two at once
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (host, faulty) in _exporters.Values)
        {
            faulty.ComeBack();
            await host.DisposeAsync();
        }
    }
}
