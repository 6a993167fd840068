using System.Collections.Immutable;

namespace Fairway.Core.Releases;

/// <summary>An instance as a release sees it; figures are the window's means, null where none came.</summary>
public sealed record ReleaseMember(string Id, string Address, bool IsUsable)
{
    public double? Cpu { get; init; }

    public double? Rps { get; init; }

    public double? LatencyMs { get; init; }

    public double? ErrorRate { get; init; }

    public double? InFlight { get; init; }
}

/// <summary>The instances of a service at one moment.</summary>
/// <param name="Base">Those without a lane.</param>
/// <param name="Lane">Those of the release's lane.</param>
public sealed record ReleaseFleet(ImmutableArray<ReleaseMember> Base, ImmutableArray<ReleaseMember> Lane);

/// <summary>Means over instances, requests counted.</summary>
public readonly record struct ReleaseFigures(double Rps, double? ErrorRate, double? LatencyMs, double? Cpu, int Sampled)
{
    /// <summary>Errors and latency by requests, processor use summed; null where no usable member reports it.</summary>
    public static ReleaseFigures Of(IEnumerable<ReleaseMember> members)
    {
        double rps = 0, errors = 0, errorWeight = 0, latency = 0, latencyWeight = 0, cpu = 0;
        var sampled = 0;
        foreach (var member in members.Where(member => member.IsUsable))
        {
            var requests = member.Rps ?? 0;
            rps += requests;
            if (member.ErrorRate is { } rate)
            {
                errors += rate * requests;
                errorWeight += requests;
            }

            if (member.LatencyMs is { } ms)
            {
                latency += ms * requests;
                latencyWeight += requests;
            }

            if (member.Cpu is { } used)
            {
                cpu += used;
                sampled++;
            }
        }

        return new ReleaseFigures(
            rps, errorWeight > 0 ? errors / errorWeight : null, latencyWeight > 0 ? latency / latencyWeight : null, sampled > 0 ? cpu : null, sampled);
    }
}
