using Fairway.Testing;

namespace Fairway.Silo.Tests;

/// <summary>What only a cluster has, asked of the engine that is none.</summary>
public sealed class EngineRefusalTests
{
    [Theory]
    [InlineData("Silo", "")]
    [InlineData("Gateway", "--client")]
    [InlineData("Gateway", "--Jobs:OrleansStreams:Provider=memory")]
    public async Task Start_NeedsACluster_SaysSoAndEndsWith2(string program, string more)
    {
        string[] arguments = [Path.Combine(AppContext.BaseDirectory, $"Fairway.{program}.dll"), "--port", "0", "--etcd", "http://127.0.0.1:1"];
        await using var process = RealProcess.Start(new RealProcessStart("dotnet", more.Length == 0 ? arguments : [.. arguments, more]));

        Assert.Equal(2, await process.WaitForExitAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains("ENGINE_IS_LOCAL: ", process.Output, StringComparison.Ordinal);
        Assert.Contains("--engine orleans", process.Output, StringComparison.Ordinal);
    }
}
