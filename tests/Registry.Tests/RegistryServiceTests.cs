using Fairway.Registry.Etcd;
using Fairway.Registry.Memory;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Fairway.Registry.Tests;

public sealed class RegistryServiceTests
{
    [Fact]
    public void AddRegistry_NoEndpoints_IsTheEmbeddedOne()
    {
        using var services = Build([]);

        Assert.Same(services.GetRequiredService<MemoryRegistry>(), services.GetRequiredService<IRegistry>());
    }

    [Theory]
    [InlineData("Registry:Etcd:Endpoints", "http://127.0.0.1:1, http://127.0.0.1:2")]
    [InlineData("Registry:Etcd:Endpoints:0", "http://127.0.0.1:1,http://127.0.0.1:2")]
    public void AddRegistry_Endpoints_IsEtcd(string key, string value)
    {
        using var services = Build(new() { [key] = value, ["Registry:Etcd:PageSize"] = "7" });

        Assert.IsType<EtcdRegistry>(services.GetRequiredService<IRegistry>());
        var options = services.GetRequiredService<IOptions<EtcdOptions>>().Value;
        Assert.Equal(["http://127.0.0.1:1", "http://127.0.0.1:2"], options.Endpoints);
        Assert.Equal(7, options.PageSize);
    }

    [Theory]
    [InlineData("Registry:Etcd:Endpoints", "127.0.0.1:2379", "no http:// or https:// URL")]
    [InlineData("Registry:Etcd:User", "me", "set together")]
    [InlineData("Registry:Etcd:RequestTimeout", "00:00:00", "RequestTimeout is not positive")]
    [InlineData("Registry:Etcd:PageSize", "0", "PageSize is below 1")]
    [InlineData("Registry:Etcd:PingInterval", "00:00:00.5", "PingInterval is below 1 s")]
    public void AddRegistry_OptionsThatCannotWork_NameTheKey(string key, string value, string message)
    {
        using var services = Build(new() { ["Registry:Etcd:Endpoints"] = "http://127.0.0.1:1", [key] = value });

        var e = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IStartupValidator>().Validate());
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    private static ServiceProvider Build(Dictionary<string, string?> settings) => new ServiceCollection()
        .AddRegistry(new ConfigurationBuilder().AddInMemoryCollection(settings).Build())
        .BuildServiceProvider();
}
