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
    public void AddFairwayEngine_OptionThatCannotWork_IsRefusedByName(string key, string value) => AssertRefused((key, value));

    [Theory]
    [InlineData("Jobs:OrleansStreams:Partitions", "0")]
    [InlineData("Jobs:OrleansStreams:Partitions", "257")]
    [InlineData("Jobs:OrleansStreams:LeaseSeconds", "1")]
    [InlineData("Jobs:OrleansStreams:LeaseSeconds", "NaN")]
    [InlineData("Jobs:OrleansStreams:WaitSeconds", "0")]
    [InlineData("Jobs:OrleansStreams:WaitSeconds", "301")]
    public void AddFairwayEngine_JobStreamThatCannotWork_IsRefusedByName(string key, string value) =>
        AssertRefused((key, value), ("Jobs:OrleansStreams:Provider", "memory"));

    /// <summary>The first of the settings is the one that cannot work.</summary>
    private static void AssertRefused(params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(settings.ToDictionary(setting => setting.Key, setting => (string?)setting.Value));

        var refusal = Assert.Throws<ArgumentException>(() => builder.AddFairwayEngine());

        Assert.Contains(settings[0].Key, refusal.Message, StringComparison.Ordinal);
    }
}
