using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fairway.Simulation;

/// <summary>Scenarios that were run before, one file each, so that a long run can be done in parts and cut off.</summary>
/// <param name="folder">Where; null keeps nothing. What lies there must come from the same code.</param>
/// <param name="run">What the figures depend on besides: files of another run are not taken.</param>
internal sealed class Keep(string? folder, string run)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, WriteIndented = true };

    public IReadOnlyList<KeptFigures>? Read(Scenario scenario)
    {
        if (folder is null || !File.Exists(Path(scenario)))
        {
            return null;
        }

        var kept = JsonSerializer.Deserialize<Kept>(File.ReadAllText(Path(scenario)), Json)!;
        return kept.Run == run ? kept.Figures : null;
    }

    public void Write(Scenario scenario, IReadOnlyList<KeptFigures> figures)
    {
        if (folder is not null)
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path(scenario), JsonSerializer.Serialize(new Kept(run, figures), Json));
        }
    }

    private string Path(Scenario scenario) => System.IO.Path.Combine(folder!, scenario.Name + ".json");

    private sealed record Kept(string Run, IReadOnlyList<KeptFigures> Figures);
}

internal sealed record KeptFigures(string Policy, int Step, Figures Figures);
