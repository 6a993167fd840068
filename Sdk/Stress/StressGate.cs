using System.Text.Json;
using Fairway.Core.Lanes;
using Fairway.Sdk.Configuration;
using Fairway.Sdk.Lanes;
using Fairway.Sdk.Options;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Stress;

/// <summary>What a piece of work may use of a resource, decided at each use.</summary>
public enum StressDecision
{
    /// <summary>No stress request: the primary.</summary>
    Primary,

    /// <summary>A stress request below the threshold: the shadow.</summary>
    Shadow,

    /// <summary>A stress request that the cache alone may answer.</summary>
    CacheOnly,
}

/// <summary>
/// Decides by the mark of the current label and the rule of this service, which the configuration centre keeps up to date. A rule that
/// is unknown or cannot be read lets nothing pass.
/// </summary>
public sealed class StressGate(ConfigCentre centre, IOptions<StressOptions> stress, IOptions<FairwayOptions> fairway)
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    private readonly Lock _gate = new();
    private (string? Text, StressRule Rule) _read = (null, StressRule.Unknown);

    /// <summary>Whether what runs now serves a stress test.</summary>
    public static bool IsMarked => LaneContext.Current.Stress;

    /// <summary>The rule in force.</summary>
    public StressRule Rule
    {
        get
        {
            var text = centre.Get(stress.Value.Namespace)[fairway.Value.Service];
            lock (_gate)
            {
                if (!string.Equals(text, _read.Text, StringComparison.Ordinal))
                {
                    _read = (text, Parse(text));
                }

                return _read.Rule;
            }
        }
    }

    /// <summary>What may be used of databases now.</summary>
    public StressDecision Decide() => !IsMarked
        ? StressDecision.Primary
        : Rule.Passes(StressKey.Current) ? StressDecision.Shadow : StressDecision.CacheOnly;

    /// <summary>The topic to publish to: the named one, or for a stress request its shadow.</summary>
    /// <exception cref="StressException"><c>SHADOW_MISSING</c>.</exception>
    public string Topic(string topic) => !IsMarked
        ? topic
        : stress.Value.Topics.GetValueOrDefault(topic) ?? throw StressException.Missing($"topic '{topic}'");

    internal StressException OverThreshold() => StressException.OverThreshold(fairway.Value.Service);

    private static StressRule Parse(string? text)
    {
        try
        {
            return text is null ? StressRule.Unknown : JsonSerializer.Deserialize<StressRule>(text, Web) is { Salt: not null, Key: not null } rule ? rule : StressRule.Unknown;
        }
        catch (JsonException)
        {
            return StressRule.Unknown;
        }
    }
}
