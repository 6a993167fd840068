using System.Collections.Immutable;
using System.Text.Json;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Fairway.Core.Scoring;
using Fairway.GrainInterfaces.Wire;

namespace Fairway.Grains.Tests.Wire;

/// <summary>To the wire and back changes nothing: compared as JSON text, which every public member is part of.</summary>
public sealed class WireTests
{
    private static readonly JsonSerializerOptions Json = new()
    {
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void Snapshot_ThereAndBack_IsTheSame()
    {
        var snapshot = new ServiceSnapshot
        {
            Service = "orders",
            Sequence = 7,
            GeneratedAt = At,
            PanickedLanes = ["", "blue"],
            Policy = Policy(),
            Instances =
            [
                new InstanceView
                {
                    Id = "a", Address = "10.0.0.1:80", Protocol = "grpc", Zone = "z", Lane = "blue", Version = "1.2", Weight = 1.5,
                    Score = 2, Cpu = 0.25, MemoryGib = 4, InFlight = 3, LatencyMs = 12, Rps = 100, ErrorRate = 0.01,
                    State = InstanceState.Ejected, AgeMs = 250, IsStale = true,
                },
                new InstanceView { Id = "b", Address = "10.0.0.2:80", Protocol = "http", Zone = "", Lane = "" },
            ],
        };

        AssertSame(snapshot, ServiceSnapshotWire.From("e", snapshot).ToCore());
    }

    [Fact]
    public void Tables_ThereAndBack_AreTheSame()
    {
        var tables = new DirectoryTables
        {
            Lanes = Table("blue", new LaneRecord("blue", "me", At, 60)).Add("empty", new LaneRecord("empty", "me", At, null)),
            Declarations = Table("blue", ImmutableArray.Create(new LaneDeclaration("orders", "operator", "park"))),
            Grey = Table("orders", new GreyRule { Target = "blue", Salt = "s", Kill = true, Whitelist = ["u"], Regions = ["eu"], RatioPer10000 = 12 }),
            Offline = Table("10.0.0.1:80", new OfflineMark("10.0.0.1:80", "me", "because", At)),
            Limits = Table("orders", new LimitRule(5, 10, "closed")),
            Gateways = [new Member("g", "127.0.0.1:1", "1")],
            Exporters = [new Member("e", "127.0.0.1:2", "2")],
            Edges = [new Member("x", "127.0.0.1:3", "3")],
        };

        AssertSame(tables, DirectoryTablesWire.From("e", 3, tables).ToCore());
    }

    [Fact]
    public void Instance_ThereAndBack_IsTheSame()
    {
        var instance = new InstanceRecord
        {
            Service = "orders", Id = "a", Address = "10.0.0.1:80", Protocol = "https", ProbeAddress = "10.0.0.1:81", Probe = Probes.GrpcHealth,
            Lane = "blue", Version = "1", Zone = "z", Weight = 50, Methods = [new MethodRecord("Pay", "blue")],
            Metadata = Table("k", "v"), StartedAt = At, Draining = true,
        };

        AssertSame(instance, InstanceWire.From(instance).ToCore());
    }

    [Fact]
    public void Status_ThereAndBack_IsTheSame()
    {
        var batch = new StatusBatch(
        [
            new InstanceStatus
            {
                Id = "a", Life = Life.Up, Sample = new LoadSample(0.5, double.NaN, 1, 2, 3, 0.1), SampledAgain = true,
                SampleAge = TimeSpan.FromMilliseconds(120), ReportInterval = TimeSpan.FromSeconds(1),
            },
            new InstanceStatus { Id = "b", Life = Life.Down, DownReason = "refused" },
        ]);

        AssertSame(batch, StatusWire.From("e", "0", batch).ToCore());
        Assert.True(StatusWire.From("e", "0", null).Gone);
    }

    private static ServicePolicy Policy() => new()
    {
        Mode = ServicePolicy.Hash, Weights = Table("a", 50.0), HashKey = "user", BoundFactor = 1.5, Coefficients = Table("cpu", 2.0),
        Author = "me", Reason = "because", ExpiresAt = At,
    };

    private static ImmutableSortedDictionary<string, T> Table<T>(string key, T value) =>
        ImmutableSortedDictionary.Create<string, T>(StringComparer.Ordinal).Add(key, value);

    private static void AssertSame<T>(T expected, T actual) =>
        Assert.Equal(JsonSerializer.Serialize(expected, Json), JsonSerializer.Serialize(actual, Json));
}
