using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fairway.Core.Releases;
using Fairway.Gateway.Http;

namespace Fairway.Gateway.Releases;

/// <summary>Reads a release as it is posted.</summary>
internal static class ReleaseReader
{
    /// <exception cref="ApiException"><c>BAD_FIELD</c>.</exception>
    public static ReleasePlan Plan(string service, Fields fields)
    {
        var version = RequestReader.Name(fields.RequiredText("version"), "version");
        var defaults = new ReleasePlan { Service = service, Version = version, Lane = Lane(service, version, fields) };
        var plan = defaults with
        {
            Strategy = fields.Choice("strategy", "blue-green", "half") == "half" ? ReleaseStrategy.Half : ReleaseStrategy.BlueGreen,
            Ramp = Ramp(fields) ?? defaults.Ramp,
            StepTime = Seconds(fields, "stepSeconds") ?? defaults.StepTime,
            StartTime = Seconds(fields, "startSeconds") ?? defaults.StartTime,
            DrainTime = Seconds(fields, "drainSeconds") ?? defaults.DrainTime,
            NeedsVerification = fields.Flag("verify") ?? true,
            OnBreach = fields.Choice("onBreach", "pause", "rollback") == "rollback" ? BreachAction.Rollback : BreachAction.Pause,
            Bounds = Bounds(fields),
        };
        foreach (var (field, rule) in ReleaseRules.Errors(plan))
        {
            throw ApiException.BadField(field, rule);
        }

        return plan;
    }

    /// <summary>A label of its own, since a lane that people use would be taken over.</summary>
    private static string Lane(string service, string version, Fields fields)
    {
        var lane = fields.Text("lane") is { Length: > 0 } said ? said : $"{service}-{version}";
        return lane.Length <= 64 ? RequestReader.Lane(lane) : throw ApiException.BadField("lane", "must be at most 64 characters, as labels are; name a shorter one");
    }

    private static ReleaseBounds Bounds(Fields fields)
    {
        var defaults = new ReleaseBounds();
        var bounds = new Fields(fields.Document["bounds"] switch
        {
            null => [],
            JsonObject members => members,
            _ => throw ApiException.BadField("bounds", "must be an object"),
        });
        return new ReleaseBounds
        {
            ErrorRateAbove = bounds.Number("errorRateAbove", 0, 1) ?? defaults.ErrorRateAbove,
            LatencyFactor = bounds.Number("latencyFactor", 1, 1000) ?? defaults.LatencyFactor,
            LatencyFloorMs = bounds.Number("latencyFloorMs", 0, 1e6) ?? defaults.LatencyFloorMs,
            MaxCpu = bounds.Number("maxCpu", 0.01, 1000) ?? defaults.MaxCpu,
            MinRps = bounds.Number("minRps") ?? defaults.MinRps,
        };
    }

    private static ImmutableArray<int>? Ramp(Fields fields) => fields.Document["ramp"] switch
    {
        null => null,
        JsonArray steps => [.. steps.Select(step => step?.GetValueKind() == JsonValueKind.Number && step.AsValue().TryGetValue<int>(out var ratio)
            ? ratio
            : throw ApiException.BadField("ramp", "must be whole numbers"))],
        _ => throw ApiException.BadField("ramp", "must be an array"),
    };

    private static TimeSpan? Seconds(Fields fields, string field) => fields.Number(field, 0, 86_400) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
}
