using Fairway.Sdk.Configuration;
using Fairway.Sdk.Configuration.Apollo;
using Fairway.Testing;

namespace Fairway.Sdk.Tests.Configuration;

public sealed class ApolloTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Read_ThenRelease_IsToldByNotification()
    {
        await using var server = await ApolloServer.StartAsync();
        server.Publish("application", ("timeout", "5"), ("mode", "fast"));
        await using var host = await StartAsync(server.Url);
        Assert.Equal("5", host.Centre.Get("application")["timeout"]);

        server.Publish("application", ("timeout", "6"));

        await Eventually.True(() => host.Centre.Get("application")["timeout"] == "6");
        Assert.Null(host.Centre.Get("application")["mode"]);
        await Eventually.True(() => server.Messages.Any(messages => messages.Contains("orders+default+application", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Poll_NoNews_IsAskedAgain()
    {
        await using var server = await ApolloServer.StartAsync(TimeSpan.FromMilliseconds(50));
        server.Publish("application", ("timeout", "5"));
        await using var host = await StartAsync(server.Url);

        await Eventually.True(() => server.Polls > 3);
        Assert.False(host.Centre.IsStale("application"));
        Assert.True(server.Messages.Count <= 3); // news alone are read
    }

    [Fact]
    public async Task Read_JsonNamespace_FieldsAreKeys()
    {
        await using var server = await ApolloServer.StartAsync();
        server.Publish("sources.json", ("content", """{"db":{"host":"a","ports":[1,2]}}"""));
        await using var host = await StartAsync(server.Url, options => options.Namespaces = ["sources.json"]);

        Assert.Equal("a", host.Configuration["db:host"]);
        Assert.Equal("2", host.Centre.Get("sources.json")["db:ports:1"]);
    }

    [Fact]
    public async Task AccessKey_RightAndWrong_IsAcceptedAndRefused()
    {
        await using var server = await ApolloServer.StartAsync();
        server.Secret = "s3cret";
        server.Publish("application", ("timeout", "5"));
        await using var right = await StartAsync(server.Url, options => options.Apollo.Secret = "s3cret");
        await using var wrong = await StartAsync(server.Url, options => (options.Apollo.Secret, options.StartWaitSeconds) = ("other", 0.5));

        Assert.Equal("5", right.Centre.Get("application")["timeout"]);
        Assert.True(wrong.Centre.IsStale("application"));
        Assert.Empty(wrong.Centre.Get("application").Values);
    }

    // The example of Apollo's documentation of access keys.
    [Fact]
    public void Signature_DocumentedExample_IsTheSame() => Assert.Equal(
        "Apollo 100004458:EoKyziXvKqzHgwx+ijDJwgVTDgE=",
        ApolloSignature.Of("100004458", "df23df3f59884980844ff3dada30fa97", "1576478257344", "/configs/100004458/default/application?ip=10.0.0.1"));

    [Fact]
    public async Task Servers_FirstAway_SecondIsRead()
    {
        await using var away = await ApolloServer.StartAsync();
        away.IsAway = true;
        await using var server = await ApolloServer.StartAsync();
        server.Publish("application", ("timeout", "5"));
        await using var host = await StartAsync(away.Url, options => options.Apollo.Servers = [away.Url, server.Url]);

        Assert.Equal("5", host.Centre.Get("application")["timeout"]);
    }

    [Fact]
    public async Task Start_ServerAway_StartsWithDefaultsAndCatchesUp()
    {
        await using var server = await ApolloServer.StartAsync();
        server.IsAway = true;
        server.Publish("application", ("timeout", "5"));
        await using var host = await StartAsync(server.Url, options => options.StartWaitSeconds = 0.2);
        Assert.True(host.Centre.IsStale("application"));
        Assert.Null(host.Centre.Get("application")["timeout"]);

        server.IsAway = false;

        await Eventually.True(() => host.Centre.Get("application")["timeout"] == "5");
    }

    [Fact]
    public async Task Start_ServerAwayAfterAnEarlierRun_HasTheLastGoodValues()
    {
        await using (var server = await ApolloServer.StartAsync())
        {
            server.Publish("application", ("timeout", "5"));
            await using var first = await StartAsync(server.Url, options => options.CacheFolder = _folder.Path);
        }

        await using var second = await StartAsync(
            "http://127.0.0.1:1", options => (options.CacheFolder, options.StartWaitSeconds) = (_folder.Path, 0.2));

        Assert.Equal("5", second.Centre.Get("application")["timeout"]);
        Assert.True(second.Centre.IsStale("application"));
    }

    [Fact]
    public async Task Namespace_MadeLater_IsRead()
    {
        await using var server = await ApolloServer.StartAsync();
        await using var host = await StartAsync(server.Url, options => options.StartWaitSeconds = 0.2);
        Assert.True(host.Centre.IsStale("application"));

        server.Publish("application", ("timeout", "5"));

        await Eventually.True(() => host.Centre.Get("application")["timeout"] == "5");
    }

    private static Task<ConfigHost> StartAsync(string url, Action<ConfigOptions>? configure = null) => ConfigHost.StartAsync(options =>
    {
        options.Provider = "apollo";
        options.StartWaitSeconds = 10;
        options.Apollo.Servers = [url];
        options.Apollo.AppId = "orders";
        configure?.Invoke(options);
    });
}
