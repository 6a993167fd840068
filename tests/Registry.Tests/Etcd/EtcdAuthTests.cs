using System.Text;
using Fairway.Registry.Etcd;
using Fairway.Registry.Tests.Conformance;
using Fairway.Testing;
using Microsoft.Extensions.Options;

namespace Fairway.Registry.Tests.Etcd;

/// <summary>A real etcd with its authentication on, and a user who may use <c>/p/</c> only.</summary>
public sealed class EtcdAuthTests(EtcdAuthTests.Fixture fixture) : IClassFixture<EtcdAuthTests.Fixture>
{
    [Fact]
    public async Task Call_WithPassword_Works()
    {
        using var registry = fixture.Client("fairway", "secret");
        await using var watch = new WatchReader(registry.WatchAsync("/p/", 0), TimeSpan.FromSeconds(10));
        await watch.NextAsync();
        await registry.PutAsync("/p/a", Bytes("1"));

        Assert.Equal("/p/a", Assert.Single(await watch.ChangesAsync(1)).Entry.Key);
    }

    [Fact]
    public async Task Call_AfterEtcdForgotTheToken_AuthenticatesAgain()
    {
        using var registry = fixture.Client("fairway", "secret");
        await registry.PutAsync("/p/a", Bytes("1"));
        await fixture.Server.StopAsync();
        await fixture.Server.RestartAsync(); // tokens are kept in memory

        var result = await registry.TxnAsync(new RegistryTxn([], [new RegistryOp.Put("/p/b", Bytes("2"))], []));
        Assert.True(result.Succeeded);
        await using var watch = new WatchReader(registry.WatchAsync("/p/", 0), TimeSpan.FromSeconds(10));
        await watch.NextAsync();
    }

    [Fact]
    public async Task Watch_AfterEtcdForgotTheToken_ComesBack()
    {
        using var registry = fixture.Client("fairway", "secret");
        await using var events = new EventReader(new RegistryWatcher(registry, "/p/").ReadAsync());
        await events.NextAsync<RegistryEvent.Listed>();
        await events.NextAsync<RegistryEvent.Changed>();
        await fixture.Server.StopAsync();
        await fixture.Server.RestartAsync();

        await events.SkipToAsync<RegistryEvent.Lost>();
        await events.SkipToAsync<RegistryEvent.Changed>();
        await registry.PutAsync("/p/c", Bytes("1"));
        await events.KeysAsync(1);
    }

    [Theory]
    [InlineData("fairway", "wrong")]
    [InlineData("nobody", "secret")]
    public async Task Call_WrongPassword_IsUnauthenticated(string user, string password)
    {
        using var registry = fixture.Client(user, password);

        var e = await Assert.ThrowsAsync<RegistryException>(() => registry.GetAsync("/p/a"));
        Assert.Equal(RegistryError.Unauthenticated, e.Error);
    }

    [Fact]
    public async Task Call_WithoutPassword_IsUnauthenticated()
    {
        using var registry = fixture.Client(null, null);

        var e = await Assert.ThrowsAsync<RegistryException>(() => registry.GetAsync("/p/a"));
        Assert.Equal(RegistryError.Unauthenticated, e.Error);
    }

    [Fact]
    public async Task Call_ForeignKeys_IsRefused()
    {
        using var registry = fixture.Client("fairway", "secret");

        var e = await Assert.ThrowsAsync<RegistryException>(() => registry.PutAsync("/other/a", Bytes("1")));
        Assert.Equal((RegistryError.Refused, "etcdserver: permission denied"), (e.Error, e.Message));
        await using var watch = new WatchReader(registry.WatchAsync("/other/", 0), TimeSpan.FromSeconds(10));
        Assert.Equal(RegistryError.Refused, (await Assert.ThrowsAsync<RegistryException>(() => watch.NextAsync())).Error);
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public sealed class Fixture : IAsyncLifetime
    {
        public EtcdServer Server { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Server = await EtcdServer.StartAsync();
            var ctl = new EtcdCtl(Server.Endpoint.GetLeftPart(UriPartial.Authority));
            await ctl.RunAsync("user", "add", "root:root");
            await ctl.RunAsync("user", "grant-role", "root", "root");
            await ctl.RunAsync("role", "add", "fairway");
            await ctl.RunAsync("role", "grant-permission", "fairway", "--prefix=true", "readwrite", "/p/");
            await ctl.RunAsync("user", "add", "fairway:secret");
            await ctl.RunAsync("user", "grant-role", "fairway", "fairway");
            await ctl.RunAsync("auth", "enable");
        }

        public async Task DisposeAsync() => await Server.DisposeAsync();

        public EtcdRegistry Client(string? user, string? password) => new(Options.Create(new EtcdOptions
        {
            Endpoints = [Server.Endpoint.ToString()], User = user, Password = password,
        }));
    }
}
