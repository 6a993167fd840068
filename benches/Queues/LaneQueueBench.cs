using Fairway.Report;
using Fairway.Testing;

namespace Fairway.Queues;

/// <summary>
/// <c>./bench lane-queue</c>: messages a second from a publisher with confirms to the handler that processes them, all for one lane, beside plain
/// RabbitMQ.Client that publishes to as many bound quorum queues and acknowledges in each. Both meet the same broker in turn.
/// </summary>
internal static class LaneQueueBench
{
    private const int Messages = 4000;
    private static readonly int[] LaneCounts = [1, 3, 10];

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        var rounds = arguments.Number("--rounds", Rounds.Least);
        var messages = arguments.Number("--messages", Messages);
        await Console.Error.WriteLineAsync("starting RabbitMQ");
        await using var server = await RabbitMqServer.StartAsync();
        var report = new BenchReport("lane-queue");
        var alone = 0.0;
        foreach (var lanes in LaneCounts)
        {
            await Console.Error.WriteLineAsync($"measuring {lanes} lanes");
            var count = Math.Max(500, messages / lanes); // every group gets each
            await using var stamped = await StampedRun.StartAsync(server, lanes);
            await using var plain = await PlainRun.StartAsync(server, lanes);
            var figures = await Rounds.RunAsync(rounds, () => stamped.MeasureAsync(count), () => plain.MeasureAsync(count));
            var rate = Rounds.Median(figures[0]);
            alone = lanes == 1 ? rate : alone;
            report.Add(
                $"{lanes} lane{(lanes == 1 ? "" : "s")}: stamped to plain", Rounds.MedianRatio(figures[0], figures[1]), "x", Target.AtLeast(0.9),
                $"{rate:#,0} to {Rounds.Median(figures[1]):#,0} messages a second, {lanes + 1} groups");
            if (lanes > 1)
            {
                report.Add($"{lanes} lanes: time a message against 1 lane", alone / rate, "x", null, "each message is stored once a group");
            }
        }

        return report.Print(Console.Out);
    }
}
