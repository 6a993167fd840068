using Fairway.Testing;

namespace Fairway.Commands.Tests;

/// <summary>What <c>./run</c> leaves behind, and what it refuses.</summary>
[Trait("Engine", "any")]
public sealed class StopTests
{
    [Fact]
    public async Task Kill_ExporterThenInterrupt_NothingLeavesTheListAndNothingStays()
    {
        var product = new RunningProduct();
        await product.InitializeAsync();
        try
        {
            Assert.True(product.Processes().Count >= 8, "a gateway, an exporter and six backends run");

            await Eventually.TrueAsync(async () => (await product.BestAsync("orders")).Length == 3, TimeSpan.FromSeconds(30));
            Signals.Send(product.PidOf("Fairway.Exporter.dll"), Signals.Kill);
            for (var look = 0; look < 10; look++)
            {
                Assert.Equal(3, (await product.BestAsync("orders")).Length);
                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
            }

            Signals.Send(product.Process.Pid, Signals.Interrupt);
            await product.Process.WaitForExitAsync(TimeSpan.FromSeconds(30));

            Assert.Empty(product.Processes());
            Assert.True(Directory.Exists(product.DataFolder));
            Assert.False(Directory.Exists(Path.Combine(product.DataFolder, "tmp")));
        }
        finally
        {
            await product.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("run", "--engine", "akka", "'akka' is no engine")]
    [InlineData("run", "--port", "http", "--port takes a number")]
    [InlineData("run", "--portt", "1", "unknown option '--portt'")]
    [InlineData("test", "--engine", "akka", "'akka' is no engine")]
    public async Task Command_BadOption_SaysSoAndEndsWith2(string command, string option, string value, string message)
    {
        await using var process = RealProcess.Start(RunningProduct.Command(command, option, value));

        Assert.Equal(2, await process.WaitForExitAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains(message, process.Output, StringComparison.Ordinal);
    }
}
