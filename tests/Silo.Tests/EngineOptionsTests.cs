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
}
