namespace Fairway.Grains.Tests.Faults;

public sealed class FaultSequenceTests
{
    private static readonly int Sequences = Environment.GetEnvironmentVariable("FAIRWAY_SOAK") is { Length: > 0 } ? 10_000 : 1_000;

    /// <summary>To repeat one that failed, put its seed here in place of 0.</summary>
    private const int First = 0;

    [Fact]
    public void Registry_ThroughRandomFaults_NoEventIsLostAndNoListEmptiedByAccident()
    {
        var counts = new Dictionary<string, int>();
        for (var seed = First; seed < First + Sequences; seed++)
        {
            foreach (var (what, count) in FaultSequence.Run(seed).Counts)
            {
                counts[what] = counts.GetValueOrDefault(what) + count;
            }
        }

        // A run that never got into trouble proves nothing.
        string[] faults =
        [
            "kill", "compaction", "silence", "member loss", "restore", "mass death", "startup away", "startup race",
            "restored", "restored, revision passed", "held", "listed again", "lost",
        ];
        Assert.All(faults, fault => Assert.True(counts.GetValueOrDefault(fault) >= Sequences / 50, $"{fault}: {counts.GetValueOrDefault(fault)}"));
    }

    [Fact]
    public void Registry_SameSeed_RunsAlike()
    {
        Assert.Equal(FaultSequence.Run(7).Counts, FaultSequence.Run(7).Counts);
    }
}
