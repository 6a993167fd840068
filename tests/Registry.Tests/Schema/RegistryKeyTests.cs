using Fairway.Registry.Schema;

namespace Fairway.Registry.Tests.Schema;

public sealed class RegistryKeyTests
{
    public static TheoryData<string, RegistryKey> Keys { get; } = new()
    {
        { RegistryKeys.Instance("orders", "o-1"), new InstanceKey("orders", "o-1") },
        { RegistryKeys.Status("orders", "x.1", 12), new StatusKey("orders", "x.1", 12) },
        { RegistryKeys.HttpStatus("orders", "o-1"), new StatusKey("orders", "http", "o-1") },
        { RegistryKeys.Exporter("x"), new ExporterKey("x") },
        { RegistryKeys.Gateway("g"), new GatewayKey("g") },
        { RegistryKeys.Edge("e"), new EdgeKey("e") },
        { RegistryKeys.Lane("dev-7"), new LaneKey("dev-7") },
        { RegistryKeys.Declaration("dev-7", "orders"), new DeclarationKey("dev-7", "orders") },
        { RegistryKeys.Policy("orders"), new PolicyKey("orders") },
        { RegistryKeys.Grey("orders"), new GreyKey("orders") },
        { RegistryKeys.Offline("10.0.0.1:80"), new OfflineKey("10.0.0.1:80") },
        { RegistryKeys.Offline("[::1]:80"), new OfflineKey("[::1]:80") },
        { RegistryKeys.Limit("orders"), new LimitKey("orders") },
        { RegistryKeys.Config("app", "a/b"), new ConfigKey("app", "a/b") },
        { RegistryKeys.Stress("orders"), new ConfigKey("stress", "orders") },
        { RegistryKeys.Cluster("c1", "members/1"), new ClusterKey("c1", "members/1") },
    };

    [Theory]
    [MemberData(nameof(Keys))]
    public void TryParse_BuiltKey_GivesItsParts(string key, RegistryKey expected)
    {
        Assert.StartsWith("/fairway/", key, StringComparison.Ordinal);
        Assert.True(RegistryKey.TryParse(key, out var parsed));
        Assert.Equal(expected, parsed);
    }

    [Fact]
    public void Build_Keys_AreAsContractsSay()
    {
        Assert.Equal("/fairway/instances/orders/o-1", RegistryKeys.Instance("orders", "o-1"));
        Assert.Equal("/fairway/status/orders/x/0", RegistryKeys.Status("orders", "x", 0));
        Assert.Equal("/fairway/lanes/dev/services/orders", RegistryKeys.Declaration("dev", "orders"));
        Assert.Equal("/fairway/config/stress/orders", RegistryKeys.Stress("orders"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/fairway/")]
    [InlineData("/other/instances/orders/o-1")]
    [InlineData("/fairway/instances/orders")]
    [InlineData("/fairway/instances/orders/")]
    [InlineData("/fairway/instances/orders/o-1/more")]
    [InlineData("/fairway/instances/or ders/o-1")]
    [InlineData("/fairway/instances/../o-1")]
    [InlineData("/fairway/status/orders/x/-1")]
    [InlineData("/fairway/status/orders/x/one")]
    [InlineData("/fairway/status/orders/x/99999999999")]
    [InlineData("/fairway/lanes/dev/other/orders")]
    [InlineData("/fairway/offline/10.0.0.1")]
    [InlineData("/fairway/offline/10.0.0.1:0")]
    [InlineData("/fairway/offline/10.0.0.1:65536")]
    [InlineData("/fairway/config/app")]
    [InlineData("/fairway/config/app/")]
    [InlineData("/fairway/unknown/a")]
    public void TryParse_Malformed_IsIgnored(string key) => Assert.False(RegistryKey.TryParse(key, out _));

    [Fact]
    public void Build_MalformedName_Throws()
    {
        Assert.Throws<ArgumentException>(() => RegistryKeys.Instance("a/b", "x"));
        Assert.Throws<ArgumentException>(() => RegistryKeys.Lane(".."));
        Assert.Throws<ArgumentException>(() => RegistryKeys.Offline("nowhere"));
        Assert.Throws<ArgumentOutOfRangeException>(() => RegistryKeys.Status("a", "b", -1));
    }
}
