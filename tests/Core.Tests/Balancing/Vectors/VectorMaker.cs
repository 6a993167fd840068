namespace Fairway.Core.Tests.Balancing.Vectors;

/// <summary>Makes the cases of a policy from a seed and records what this code chooses.</summary>
internal static class VectorMaker
{
    private static readonly string[] States = ["ready", "ready", "ready", "ready", "warming", "unknown", "draining", "ejected", "down", "offline"];

    public static VectorFile Make(string policy) => new(policy, [.. Enumerable.Range(0, 40).Select(seed => Record(policy, seed))]);

    private static VectorCase Record(string policy, int seed)
    {
        var random = new Random(seed);
        var count = seed switch { 0 => 0, 1 => 1, 2 => 2, 3 => 3, 38 => 100, 39 => 80, _ => random.Next(2, 12) };
        var vector = new VectorCase
        {
            Name = $"{policy}-{seed:00}",
            Zone = seed % 5 == 4 ? "a" : null,
            Panic = seed % 7 == 6 ? true : null,
            BoundFactor = policy == "hash" && seed % 2 == 1 ? 1.05 + Math.Round(random.NextDouble(), 2) : null,
            Instances = [.. Enumerable.Range(0, count).Select(i => Instance(random, seed, i))],
            Steps = [],
        };
        var draws = new RecordedDraws(seed + 1000);
        var player = new VectorPlayer(policy, vector, draws);
        // What the first list itself draws comes first.
        var before = draws.Take();
        var steps = new List<VectorStep>();
        var inFlight = new List<string>();
        for (int i = 0, at = 0; i < 14; i++, at += random.Next(5, 120))
        {
            var step = Next(policy, random, at, player.Ids, inFlight);
            var chosen = player.Do(step);
            if (chosen is not null)
            {
                inFlight.Add(chosen);
            }

            double[] taken = [.. i == 0 ? before : [], .. draws.Take()];
            steps.Add(step with { Chosen = chosen, Draws = taken.Length == 0 ? null : taken });
        }

        return vector with { Steps = steps };
    }

    private static VectorStep Next(string policy, Random random, int at, IReadOnlyCollection<string> ids, List<string> inFlight)
    {
        var kind = at == 0 || ids.Count == 0 ? 0 : random.Next(10);
        if (kind is 6 or 7 && inFlight.Count > 0)
        {
            var ended = inFlight[random.Next(inFlight.Count)];
            inFlight.Remove(ended);
            return new VectorStep { Do = "end", At = at, Id = ended, LatencyMs = random.Next(1, 300) };
        }

        if (kind is 8 or 9)
        {
            return new VectorStep
            {
                Do = "report", At = at, Id = ids.ElementAt(random.Next(ids.Count)), InFlight = random.Next(12), LatencyMs = policy == "prequal" ? random.Next(1, 300) : null,
            };
        }

        return new VectorStep
        {
            Do = "pick",
            At = at,
            Key = policy == "hash" ? $"user-{random.Next(1000)}" : null,
            Tried = random.Next(5) == 0 && ids.Count > 0 ? [ids.ElementAt(random.Next(ids.Count))] : null,
        };
    }

    private static VectorInstance Instance(Random random, int seed, int index)
    {
        var plain = seed < 8; // all alike but for their load
        var manual = Math.Round(random.NextDouble() * 4, 3);
        return new VectorInstance
        {
            Id = $"orders-{index}",
            Weight = plain ? 1 : random.Next(8) == 0 ? 0 : manual,
            State = plain ? null : States[random.Next(States.Length)],
            Zone = seed % 5 == 4 ? "abc"[random.Next(3)].ToString() : null,
            Own = random.Next(4),
            Reported = random.Next(6) == 0 ? null : Math.Round(random.NextDouble() * 10, 2),
            TypicalMs = random.Next(6) == 0 ? null : plain ? 20 : Math.Round(5 + (random.NextDouble() * (seed % 3 == 0 ? 60 : 6)), 2),
            PeakMs = random.Next(6) == 0 ? null : Math.Round(random.NextDouble() * 100, 2),
            Rps = random.Next(6) == 0 ? null : random.Next(1, 200),
            Cpu = random.Next(6) == 0 ? null : Math.Round(random.NextDouble(), 3),
            ErrorRate = random.Next(3) == 0 ? Math.Round(random.NextDouble() / 2, 3) : null,
            Out = !plain && random.Next(9) == 0 ? true : null,
        };
    }
}
