using System.Text;
using Fairway.Registry.Memory;
using Fairway.Registry.Schema;
using Fairway.Sdk.Configuration;
using Fairway.Testing;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Tests.Configuration;

public sealed class ConfigCentreTests : IDisposable
{
    private readonly MemoryRegistry _registry = new();
    private readonly TempFolder _folder = new();

    public void Dispose()
    {
        _folder.Dispose();
        _registry.Dispose();
    }

    [Fact]
    public async Task Etcd_PutChangeDelete_EachIsSeen()
    {
        await PutAsync("timeout", "5");
        await PutAsync("db/host", "a");
        await using var host = await ConfigHost.StartAsync(_ => { }, _registry);

        Assert.Equal("5", host.Centre.Get("application")["timeout"]);
        Assert.Equal("a", host.Configuration["db:host"]);
        Assert.False(host.Centre.IsStale("application"));

        await PutAsync("timeout", "6");
        await _registry.DeleteAsync(RegistryKeys.Config("application", "db/host"));

        await Eventually.True(() => host.Centre.Get("application")["db/host"] is null);
        Assert.Equal("6", host.Centre.Get("application")["timeout"]);
        Assert.Null(host.Configuration["db:host"]);
    }

    [Fact]
    public async Task Etcd_ValueIsNoText_OthersStand()
    {
        await _registry.PutAsync(RegistryKeys.Config("application", "broken"), new byte[] { 0xff, 0xfe });
        await PutAsync("timeout", "5");
        await using var host = await ConfigHost.StartAsync(_ => { }, _registry);

        Assert.Equal("timeout", Assert.Single(host.Centre.Get("application").Values).Key);
    }

    [Fact]
    public async Task Etcd_AwayAndBack_ValuesStandAndCatchUp()
    {
        await PutAsync("timeout", "5");
        var outage = new Outage(_registry);
        await using var host = await ConfigHost.StartAsync(options => options.CacheFolder = _folder.Path, outage);
        outage.Away = true;
        await using var late = await ConfigHost.StartAsync(options => (options.CacheFolder, options.StartWaitSeconds) = (_folder.Path, 0.1), outage);

        Assert.True(late.Centre.IsStale("application"));
        Assert.Equal("5", late.Centre.Get("application")["timeout"]);
        Assert.Equal("5", late.Configuration["timeout"]);

        await PutAsync("timeout", "6");
        outage.Away = false;
        await Eventually.True(() => late.Centre.Get("application")["timeout"] == "6");
        Assert.False(late.Centre.IsStale("application"));
    }

    [Fact]
    public async Task Start_NothingKnownAndSourceAway_StartsEmptyAndStale()
    {
        await using var host = await ConfigHost.StartAsync(options => options.StartWaitSeconds = 0.1, new Outage(_registry) { Away = true });

        Assert.True(host.Centre.IsStale("application"));
        Assert.Empty(host.Centre.Get("application").Values);
    }

    [Fact]
    public async Task File_ChangedBrokenMended_LastGoodStandsBetween()
    {
        await WriteAsync("""{"timeout":5,"db":{"hosts":["a","b"]},"none":null}""");
        await using var host = await ConfigHost.StartAsync(options => (options.Provider, options.Folder) = ("file", _folder.Path));

        Assert.Equal("5", host.Centre.Get("application")["timeout"]);
        Assert.Equal("b", host.Configuration["db:hosts:1"]);

        await WriteAsync("""{"timeout":""");
        await Eventually.True(() => host.Centre.IsStale("application"));
        Assert.Equal("5", host.Centre.Get("application")["timeout"]);

        await WriteAsync("""{"timeout":"long"}""");
        await Eventually.True(() => host.Centre.Get("application")["timeout"] == "long");

        File.Delete(_folder["application.json"]);
        await Eventually.True(() => host.Centre.IsStale("application"));
        Assert.Equal("long", host.Centre.Get("application")["timeout"]);
    }

    [Fact]
    public async Task SwitchTo_OtherProvider_ReadsItAndStaysThere()
    {
        await PutAsync("source", "etcd");
        await WriteAsync("""{"source":"file"}""");
        await using var host = await ConfigHost.StartAsync(options => options.Folder = _folder.Path, _registry);
        var heard = new List<string?>();
        using var subscription = host.Centre.OnChange("application", values => heard.Add(values["source"]));

        host.Centre.SwitchTo("file");
        await Eventually.True(() => host.Centre.Get("application")["source"] == "file");
        host.Centre.SwitchTo("etcd");
        await Eventually.True(() => host.Centre.Get("application")["source"] == "etcd");

        Assert.Equal("etcd", host.Centre.Provider);
        Assert.Equal(["file", "etcd"], heard);
    }

    [Fact]
    public async Task SwitchTo_ProviderAway_ValuesStand()
    {
        await PutAsync("source", "etcd");
        await using var host = await ConfigHost.StartAsync(options => options.Folder = _folder["absent"], _registry);

        host.Centre.SwitchTo("file");

        await Eventually.True(() => host.Centre.IsStale("application"));
        Assert.Equal("etcd", host.Centre.Get("application")["source"]);
    }

    [Fact]
    public async Task Provider_ChangedInConfiguration_IsSwitchedTo()
    {
        await PutAsync("source", "etcd");
        await WriteAsync("""{"source":"file"}""");
        await using var host = await ConfigHost.StartAsync(options => options.Folder = _folder.Path, _registry);

        await PutAsync("Fairway/Config/Provider", "file"); // the centre's own values are configuration too

        // The host's own settings of a test win over configuration; here they name none.
        await Eventually.True(() => host.Centre.Provider == "file");
        await Eventually.True(() => host.Centre.Get("application")["source"] == "file");
    }

    [Fact]
    public async Task SwitchTo_UnknownName_IsRefused()
    {
        await using var host = await ConfigHost.StartAsync(options => options.StartWaitSeconds = 0.1, _registry);

        var refused = Assert.Throws<ConfigException>(() => host.Centre.SwitchTo("zookeeper"));

        Assert.Equal(ConfigErrors.ProviderUnknown, refused.Code);
        Assert.Contains("apollo, etcd, file", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_NamespaceNotConfigured_IsRefused()
    {
        await using var host = await ConfigHost.StartAsync(options => options.Namespaces = ["stress"], _registry);

        Assert.Throws<ArgumentException>(() => host.Centre.Get("application"));
        Assert.Empty(host.Centre.Get("stress").Values);
    }

    [Theory]
    [InlineData("Folder")]
    [InlineData("Apollo:AppId")]
    [InlineData("Namespaces")]
    [InlineData("StartWaitSeconds")]
    public async Task Start_OptionMissingOrWrong_NamesIt(string field)
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => ConfigHost.StartAsync(
            options => Break(options, field), _registry));

        Assert.Contains($"BAD_FIELD: Fairway:Config:{field}", refused.Message, StringComparison.Ordinal);
    }

    private static void Break(ConfigOptions options, string field)
    {
        switch (field)
        {
            case "Folder":
                options.Provider = "file";
                break;
            case "Apollo:AppId":
                options.Provider = "apollo";
                options.Apollo.Servers = ["http://127.0.0.1:1"];
                break;
            case "Namespaces":
                options.Namespaces = ["a/b"];
                break;
            default:
                options.StartWaitSeconds = -1;
                break;
        }
    }

    private Task<long> PutAsync(string key, string value) => _registry.PutAsync(RegistryKeys.Config("application", key), Encoding.UTF8.GetBytes(value));

    private async Task WriteAsync(string json)
    {
        await File.WriteAllTextAsync(_folder["application.json"] + ".new", json);
        File.Move(_folder["application.json"] + ".new", _folder["application.json"], overwrite: true);
    }
}
