using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fairway.Core.Tests.Balancing.Vectors;

/// <summary>A file of recorded picks; tests/vectors/balancing/README.md describes it.</summary>
public sealed record VectorFile(string Policy, IReadOnlyList<VectorCase> Cases)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static VectorFile Read(string name) => JsonSerializer.Deserialize<VectorFile>(File.ReadAllText(Path(name)), Json)!;

    /// <summary>One case a line, so that a difference of two versions can be read.</summary>
    public void Write(string name) => File.WriteAllText(
        Path(name),
        $$"""
        {"policy":{{JsonSerializer.Serialize(Policy, Json)}},"cases":[
        {{string.Join(",\n", Cases.Select(vector => JsonSerializer.Serialize(vector, Json)))}}
        ]}

        """.ReplaceLineEndings("\n"));

    public static string Path(string name) => System.IO.Path.Combine(Folder(), name + ".json");

    private static string Folder([CallerFilePath] string here = "") =>
        System.IO.Path.GetFullPath(System.IO.Path.Combine(here, "../../../../vectors/balancing"));
}

public sealed record VectorCase
{
    public required string Name { get; init; }

    /// <summary>The caller's zone.</summary>
    public string? Zone { get; init; }

    public bool? Panic { get; init; }

    public double? BoundFactor { get; init; }

    public required IReadOnlyList<VectorInstance> Instances { get; init; }

    public required IReadOnlyList<VectorStep> Steps { get; init; }
}

public sealed record VectorInstance
{
    public required string Id { get; init; }

    public double Weight { get; init; } = 1;

    public string? State { get; init; }

    public string? Zone { get; init; }

    /// <summary>The caller's own requests in flight.</summary>
    public int? Own { get; init; }

    /// <summary>The instance's requests in flight as the list says.</summary>
    public double? Reported { get; init; }

    public double? TypicalMs { get; init; }

    public double? PeakMs { get; init; }

    public double? Rps { get; init; }

    public double? Cpu { get; init; }

    public double? ErrorRate { get; init; }

    /// <summary>Passively ejected by this caller.</summary>
    public bool? Out { get; init; }
}

public sealed record VectorStep
{
    /// <summary><c>pick</c>, <c>report</c> or <c>end</c>.</summary>
    public required string Do { get; init; }

    /// <summary>ms since the list came.</summary>
    public double At { get; init; }

    public IReadOnlyList<double>? Draws { get; init; }

    public string? Key { get; init; }

    public IReadOnlyList<string>? Tried { get; init; }

    /// <summary>Of a report or an end: whose.</summary>
    public string? Id { get; init; }

    public double? InFlight { get; init; }

    public double? LatencyMs { get; init; }

    /// <summary>What a pick must choose; null is nobody.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Chosen { get; init; }
}
