using Fairway.Core.Directory;
using Fairway.Sdk.Options;
using Microsoft.Extensions.Configuration;

namespace Fairway.Sdk.Tests.Options;

public sealed class FairwayOptionsTests
{
    [Fact]
    public void Configure_Section_IsBound()
    {
        var options = Build(("Fairway:Service", "orders"), ("Fairway:Zone", "z1"), ("Fairway:Metadata:team", "blue"),
            ("Fairway:RegistryEndpoints:0", "http://a:1"), ("Fairway:Port", "0"));

        Assert.Equal("orders", options.Service);
        Assert.Equal("z1", options.Zone);
        Assert.Equal("blue", options.Metadata["team"]);
        Assert.Equal(["http://a:1"], options.RegistryEndpoints);
        Assert.Equal(0, options.Port);
        Assert.Empty(Failures(options));
    }

    [Fact]
    public void Configure_EtcdVariable_WinsOverTheSection() =>
        Assert.Equal(
            ["http://b:1", "http://c:1"],
            Build(("FAIRWAY_ETCD", "http://b:1, http://c:1"), ("Fairway:RegistryEndpoints:0", "http://a:1")).RegistryEndpoints);

    [Theory]
    [InlineData("Registry:Etcd:Endpoints")]
    [InlineData("Registry:Etcd:Endpoints:0")]
    public void Configure_RegistrysOwnKey_IsTakenLast(string key) =>
        Assert.Equal(["http://d:1"], Build((key, "http://d:1")).RegistryEndpoints);

    [Fact]
    public void PostConfigure_ColoringEnv_WinsOverTheService()
    {
        var setup = Setup(("COLORING_ENV", "blue"));
        var options = new FairwayOptions { Service = "orders", Lane = "green" };
        setup.PostConfigure(null, options);

        Assert.Equal("blue", options.Lane);
    }

    [Fact]
    public void PostConfigure_EmptyColoringEnv_IsBase()
    {
        var setup = Setup(("COLORING_ENV", ""));
        var options = new FairwayOptions { Service = "orders", Lane = "green" };
        setup.PostConfigure(null, options);

        Assert.Equal("", options.Lane);
    }

    [Fact]
    public void PostConfigure_ColoringEnv_IsTheLaneOfMethodsToo()
    {
        var methods = new[] { new MethodRecord("Pay", ""), new MethodRecord("Refund", "green") };
        var options = new FairwayOptions { Service = "orders", Methods = [.. methods] };
        Setup(("COLORING_ENV", "blue")).PostConfigure(null, options);
        Assert.Equal<MethodRecord>([new("Pay", "blue"), new("Refund", "blue")], options.Methods);

        options = new FairwayOptions { Service = "orders", Methods = [.. methods] };
        Setup().PostConfigure(null, options);
        Assert.Equal<MethodRecord>(methods, options.Methods);
    }

    [Fact]
    public void PostConfigure_NoId_MakesAValidUniqueOne()
    {
        var service = new string('s', Names.MaxLength);
        var ids = Enumerable.Range(0, 8).Select(_ => Build(("Fairway:Service", service)).Id).ToList();

        Assert.All(ids, id => Assert.True(Names.IsValid(id), id));
        Assert.True(ids.Distinct().Count() > 1);
        Assert.StartsWith("orders-", Build(("Fairway:Service", "orders")).Id, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Fairway:Service", "", "BAD_NAME: Fairway:Service is not set")]
    [InlineData("Fairway:Service", "a b", "BAD_NAME: Fairway:Service")]
    [InlineData("Fairway:Service", "v1", "NAME_RESERVED: Fairway:Service")]
    [InlineData("Fairway:Id", "a/b", "BAD_NAME: Fairway:Id")]
    [InlineData("Fairway:Lane", "base", "NAME_RESERVED: Fairway:Lane")]
    [InlineData("Fairway:Lane", "..", "BAD_NAME: Fairway:Lane")]
    [InlineData("Fairway:Address", "nowhere", "BAD_FIELD: Fairway:Address")]
    [InlineData("Fairway:AdvertiseAddress", "host:0", "BAD_FIELD: Fairway:AdvertiseAddress")]
    [InlineData("Fairway:AdvertiseProbeAddress", "a b", "BAD_FIELD: Fairway:AdvertiseProbeAddress")]
    [InlineData("Fairway:Probe", "ping", "BAD_FIELD: Fairway:Probe")]
    [InlineData("Fairway:Protocol", "ftp", "BAD_FIELD: Fairway:Protocol")]
    [InlineData("Fairway:Port", "65536", "BAD_FIELD: Fairway:Port")]
    [InlineData("Fairway:Weight", "-1", "BAD_FIELD: Fairway:Weight")]
    [InlineData("Fairway:LeaseSeconds", "1", "BAD_FIELD: Fairway:LeaseSeconds")]
    [InlineData("Fairway:DrainSeconds", "NaN", "BAD_FIELD: Fairway:DrainSeconds")]
    [InlineData("Fairway:RegistryEndpoints:0", "host:2379", "BAD_FIELD: Fairway:RegistryEndpoints")]
    public void Validate_BadValue_SaysWhichAndWhy(string key, string value, string expected) =>
        Assert.StartsWith(expected, Assert.Single(Failures(Build(("Fairway:Service", "orders"), (key, value)))), StringComparison.Ordinal);

    [Theory]
    [InlineData("10.0.0.1", "10.0.0.1", null)]
    [InlineData("10.0.0.1:80", "10.0.0.1", 80)]
    [InlineData("::1", "::1", null)]
    [InlineData("[::1]:80", "::1", 80)]
    [InlineData("backend", "backend", null)]
    [InlineData("backend:8080", "backend", 8080)]
    public void HostAndPort_WellFormed_IsTakenApart(string text, string host, int? port)
    {
        Assert.True(HostAndPort.TryParse(text, out var parsed));
        Assert.Equal(new HostAndPort(host, port), parsed);
    }

    private static FairwayOptions Build(params (string Key, string Value)[] settings)
    {
        var setup = Setup(settings);
        var options = new FairwayOptions();
        setup.Configure(options);
        setup.PostConfigure(null, options);
        return options;
    }

    private static FairwayOptionsSetup Setup(params (string Key, string Value)[] settings) =>
        new(new ConfigurationBuilder()
            .AddInMemoryCollection(settings.GroupBy(pair => pair.Key).ToDictionary(group => group.Key, group => (string?)group.Last().Value))
            .Build());

    private static IEnumerable<string> Failures(FairwayOptions options) =>
        new FairwayOptionsValidator().Validate(null, options).Failures ?? [];
}
