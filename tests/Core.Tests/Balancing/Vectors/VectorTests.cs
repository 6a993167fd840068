namespace Fairway.Core.Tests.Balancing.Vectors;

public class VectorTests
{
    /// <summary>Set to write the files anew from what the code chooses.</summary>
    private const string Write = "FAIRWAY_WRITE_VECTORS";

    public static TheoryData<string> Policies =>
    [
        "scored", "manual", "hash", "round-robin", "weighted-round-robin", "least-of-two", "peak-ewma", "best-of-list", "prequal",
    ];

    [Theory]
    [MemberData(nameof(Policies))]
    public void Pick_RecordedCases_ChoosesTheSame(string policy)
    {
        if (Environment.GetEnvironmentVariable(Write) is { Length: > 0 })
        {
            VectorMaker.Make(policy).Write(policy);
        }

        var file = VectorFile.Read(policy);
        Assert.Equal(policy, file.Policy);
        Assert.Equal(40, file.Cases.Count);
        foreach (var vector in file.Cases)
        {
            Replay(policy, vector);
        }
    }

    private static void Replay(string policy, VectorCase vector)
    {
        var draws = new ScriptedDraws();
        draws.Add(vector.Steps[0].Draws ?? []);
        var player = new VectorPlayer(policy, vector, draws);
        for (var i = 0; i < vector.Steps.Count; i++)
        {
            var step = vector.Steps[i];
            if (i > 0)
            {
                draws.Add(step.Draws ?? []);
            }

            Assert.True(step.Chosen == player.Do(step), $"{vector.Name}, step {i}");
            Assert.True(draws.Left == 0, $"{vector.Name}, step {i}: {draws.Left} draws left");
        }
    }
}
