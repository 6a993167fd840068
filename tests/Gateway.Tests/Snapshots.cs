using Fairway.Core.Directory;

namespace Fairway.Gateway.Tests;

/// <summary>Short spellings of snapshots for tests.</summary>
internal static class Snapshots
{
    public static readonly DateTimeOffset At = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static ServiceSnapshot Service(string name, params InstanceView[] instances) =>
        new() { Service = name, Sequence = 1, GeneratedAt = At, Instances = [.. instances] };

    public static InstanceView Instance(
        string id, double weight = 1, InstanceState state = InstanceState.Ready, string lane = "", int port = 8080) => new()
    {
        Id = id,
        Address = $"10.0.0.1:{port}",
        Protocol = "http",
        Zone = "z1",
        Lane = lane,
        Weight = weight,
        State = state,
    };
}
