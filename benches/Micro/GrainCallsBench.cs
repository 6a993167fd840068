using System.Diagnostics;
using Fairway.Report;
using Microsoft.Extensions.DependencyInjection;

namespace Fairway.Micro;

/// <summary><c>./bench grain-calls</c>: what the engine adds to a call, beside bare channels with as many calls in flight.</summary>
internal static class GrainCallsBench
{
    private const int Callers = 64;
    private const int CallsEach = 4_000;
    private const int Calls = Callers * CallsEach;

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        var rounds = arguments.Number("--rounds", 11);
        using var host = await BenchSilo.StartAsync();
        var grains = host.Services.GetRequiredService<IGrainFactory>();
        var shared = Enumerable.Repeat(grains.GetGrain<IEchoGrain>("shared"), Callers).ToArray();
        var own = Enumerable.Range(0, Callers).Select(i => grains.GetGrain<IEchoGrain>($"own-{i}")).ToArray();
        await using var pingPong = new PingPong();
        var pairs = Enumerable.Range(0, Callers).Select(_ => new PingPong()).ToArray();
        var sharedCallers = pairs.Select(_ => pingPong.NewCaller()).ToArray();
        var ownCallers = pairs.Select(pair => pair.NewCaller()).ToArray();

        Func<Task<double>>[] measurements =
        [
            () => CallsASecond(i => Channel(sharedCallers[i])),
            () => CallsASecond(i => Yielding(shared[i])),
            () => CallsASecond(i => Channel(ownCallers[i])),
            () => CallsASecond(i => Yielding(own[i])),
            () => CallsASecond(i => Plain(shared[i])),
        ];
        await Rounds.RunAsync(1, measurements); // for the JIT's last tier
        var figures = await Rounds.RunAsync(rounds, measurements);
        var medians = figures.Select(Rounds.Median).ToArray();
        var sharedBytes = await BytesACall(i => Yielding(shared[i]));
        var ownBytes = await BytesACall(i => Yielding(own[i]));
        var plainBytes = await BytesACall(i => Plain(shared[i]));
        var channelBytes = await BytesACall(i => Channel(sharedCallers[i]));
        foreach (var pair in pairs)
        {
            await pair.DisposeAsync();
        }

        await host.StopAsync();

        var report = new BenchReport("grain-calls");
        report.Add($"{BenchSilo.Engine}: 64 callers of a grain, yielding, to a channel", Rounds.MedianRatio(figures[1], figures[0]), "x", Target.AtLeast(0.5), $"{medians[1]:#,0} to {medians[0]:#,0} calls a second");
        report.Add("allocated a call, yielding", sharedBytes, " B", Target.AtMost(300), $"channel: {channelBytes:0} B");
        report.Add("64 callers of a grain each, yielding, to channels", Rounds.MedianRatio(figures[3], figures[2]), "x", Target.AtLeast(0.5), $"{medians[3]:#,0} to {medians[2]:#,0} calls a second");
        report.Add("allocated a call, a grain each", ownBytes, " B", null, "no two calls share a batch");
        report.Add("allocated a call, handler without a yield", plainBytes, " B", Target.AtMost(300), $"{medians[4]:#,0} calls a second");
        return report.Print(Console.Out);
    }

    private static async Task<double> CallsASecond(Func<int, Task> caller)
    {
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(i => Task.Run(() => caller(i))));
        return Calls / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task<double> BytesACall(Func<int, Task> caller)
    {
        await CallsASecond(caller);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await CallsASecond(caller);
        return (double)(GC.GetTotalAllocatedBytes(precise: true) - before) / Calls;
    }

    private static async Task Yielding(IEchoGrain grain)
    {
        for (var call = 0; call < CallsEach; call++)
        {
            await grain.Yielding(call);
        }
    }

    private static async Task Plain(IEchoGrain grain)
    {
        for (var call = 0; call < CallsEach; call++)
        {
            await grain.Plain(call);
        }
    }

    private static async Task Channel(PingPong.Caller caller)
    {
        for (var call = 0; call < CallsEach; call++)
        {
            await caller.CallAsync(call);
        }
    }
}
