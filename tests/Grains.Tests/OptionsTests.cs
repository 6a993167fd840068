using Fairway.Grains.Tests.Hosting;
using Fairway.Silo;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Fairway.Grains.Tests;

public sealed class OptionsTests
{
    [Theory]
    [InlineData("Directory:ObserverLease", "00:00:00", "Directory:ObserverLease")]
    [InlineData("Directory:ServiceTick", "-00:00:01", "Directory:ServiceTick")]
    [InlineData("Directory:RegistryTick", "00:01:00", "Directory:RegistryTick")]
    public async Task Start_TimeThatCannotWork_IsRefusedByName(string key, string value, string named)
    {
        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(() => DirectoryHost.StartAsync(
            builder => builder.Configuration.AddInMemoryCollection([KeyValuePair.Create<string, string?>(key, value)])));

        Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Engine:SiloPort", "70000")]
    [InlineData("Engine:GatewayPort", "-1")]
    [InlineData("Engine:ClusterId", " ")]
    public void AddFairwayEngine_OptionThatCannotWork_IsRefusedByName(string key, string value)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection([KeyValuePair.Create<string, string?>(key, value)]);

        var refusal = Assert.Throws<ArgumentException>(() => builder.AddFairwayEngine());

        Assert.Contains(key, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AddFairwayEngine_TwoRolesOnOnePort_IsRefused()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());

        Assert.Throws<ArgumentException>(() => builder.AddFairwayEngine(options => options.SiloPort = options.GatewayPort = 30000));
    }
}
