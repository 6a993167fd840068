using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Fairway.Silo.Tests;

public sealed class EngineOptionsTests
{
    [Theory]
    [InlineData("Engine:ClusterId", "a/b")]
    [InlineData("Engine:ClusterId", "..")]
    [InlineData("Engine:AdvertisedAddress", " ")]
    [InlineData("Engine:ProbeTimeout", "00:00:00")]
    [InlineData("Engine:ProbeTimeout", "00:02:00")]
    public void AddFairwayEngine_OptionThatCannotWork_IsRefusedByName(string key, string value)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection([KeyValuePair.Create<string, string?>(key, value)]);

        var refusal = Assert.Throws<ArgumentException>(() => builder.AddFairwayEngine());

        Assert.Contains(key, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Jobs:OrleansStreams:Partitions", "0")]
    [InlineData("Jobs:OrleansStreams:Partitions", "257")]
    [InlineData("Jobs:OrleansStreams:LeaseSeconds", "1")]
    [InlineData("Jobs:OrleansStreams:LeaseSeconds", "NaN")]
    [InlineData("Jobs:OrleansStreams:WaitSeconds", "0")]
    [InlineData("Jobs:OrleansStreams:WaitSeconds", "301")]
    public void AddFairwayEngine_JobStreamThatCannotWork_IsRefusedByName(string key, string value)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Jobs:OrleansStreams:Provider"] = "memory", [key] = value });

        var refusal = Assert.Throws<ArgumentException>(() => builder.AddFairwayEngine());

        Assert.Contains(key, refusal.Message, StringComparison.Ordinal);
    }
}
