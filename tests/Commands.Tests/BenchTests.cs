using Fairway.Testing;

namespace Fairway.Commands.Tests;

[Trait("Engine", "any")]
public sealed class BenchTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Bench_UnknownName_ExitsWith2AndListsTheNames()
    {
        await using var process = RealProcess.Start(RunningProduct.Command("bench", "no-such-bench"));

        Assert.Equal(2, await process.WaitForExitAsync(Patience));
        Assert.Contains("'no-such-bench' is no bench", process.Output, StringComparison.Ordinal);
        Assert.Contains("grain-calls", process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bench_NoName_ListsTheNames()
    {
        await using var process = RealProcess.Start(RunningProduct.Command("bench"));

        Assert.Equal(0, await process.WaitForExitAsync(Patience));
        Assert.Contains("faults", process.Output, StringComparison.Ordinal);
    }
}
