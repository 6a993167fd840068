using System.Text.Json;
using Fairway.Sdk.Client;
using Fairway.Testing;
using static Fairway.Sdk.Tests.Client.ScriptedGateway;

namespace Fairway.Sdk.Tests.Client;

public sealed class DirectoryReaderTests
{
    [Fact]
    public async Task Ready_FirstGatewayAway_AsksTheNext()
    {
        await using var gateway = await StartAsync();
        gateway.Lists("b-1", Instance("a", "127.0.0.1:1"));
        await using var client = new ClientHost([$"http://127.0.0.1:{FreePort.Next()}", gateway.Url]);

        var directory = await client.Reader.ReadyAsync(CancellationToken.None);

        Assert.Equal("b-1", directory.Version);
        Assert.Equal("a", Assert.Single(directory.Find("orders")!.Instances).Id);
    }

    [Fact]
    public async Task Ready_GatewayNotReady_AsksTheNext()
    {
        await using var young = await StartAsync();
        await using var gateway = await StartAsync();
        gateway.Lists("b-1", Instance("a", "127.0.0.1:1"));
        await using var client = new ClientHost([young.Url, gateway.Url]);

        Assert.Equal("b-1", (await client.Reader.ReadyAsync(CancellationToken.None)).Version);
    }

    [Theory]
    [InlineData("no json")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"version\":\"a-1\",\"full\":true}")]
    [InlineData("null")]
    public async Task Ready_GarbageFromOne_AsksTheNext(string garbage)
    {
        await using var broken = await StartAsync();
        broken.Gives("a-1", garbage);
        await using var gateway = await StartAsync();
        gateway.Lists("b-1", Instance("a", "127.0.0.1:1"));
        await using var client = new ClientHost([broken.Url, gateway.Url]);

        Assert.Equal("b-1", (await client.Reader.ReadyAsync(CancellationToken.None)).Version);
    }

    [Fact]
    public async Task Ready_InstancesOfWhichLittleIsSaid_AreTakenAndThoseWithoutAnAddressPassedOver()
    {
        await using var gateway = await StartAsync();
        gateway.Lists("b-1", new { id = "a", address = "127.0.0.1:1", weight = 2, news = "of a later version" }, new { id = "b" }, new { address = "127.0.0.1:2" });
        await using var client = new ClientHost([gateway.Url]);

        var instance = Assert.Single((await client.Reader.ReadyAsync(CancellationToken.None)).Find("orders")!.Instances);

        Assert.Equal(("a", "http", "", "", 2), (instance.Id, instance.Protocol, instance.Zone, instance.Lane, instance.Weight));
    }

    [Fact]
    public async Task Ready_NobodyAnswers_SaysSoWithACode()
    {
        await using var client = new ClientHost([$"http://127.0.0.1:{FreePort.Next()}"], options => options.FirstListSeconds = 0.5);

        var exception = await Assert.ThrowsAsync<FairwayClientException>(async () => await client.Reader.ReadyAsync(CancellationToken.None));

        Assert.Equal("NO_LIST", exception.Code);
    }

    [Fact]
    public async Task Read_GatewayGoesAway_KeepsTheLastList()
    {
        var gateway = await StartAsync();
        gateway.Lists("a-1", Instance("a", "127.0.0.1:1"));
        await using var client = new ClientHost([gateway.Url]);
        await client.Reader.ReadyAsync(CancellationToken.None);

        await gateway.DisposeAsync();

        Assert.NotNull(client.Reader.Current.Find("orders"));
        Assert.Equal("a-1", (await client.Reader.ReadyAsync(CancellationToken.None)).Version);
    }

    [Fact]
    public async Task Read_GatewayGoesAway_GoesOnWithAnother()
    {
        var first = await StartAsync();
        first.Lists("a-1", Instance("a", "127.0.0.1:1"));
        await using var second = await StartAsync();
        second.Lists("b-1", Instance("b", "127.0.0.1:2"));
        await using var client = new ClientHost([first.Url, second.Url]);
        await client.Reader.ReadyAsync(CancellationToken.None);

        await first.DisposeAsync();

        await Eventually.True(() => client.Reader.Current.Version == "b-1", TimeSpan.FromSeconds(30));
        Assert.Equal("b", Assert.Single(client.Reader.Current.Find("orders")!.Instances).Id);
    }

    [Fact]
    public async Task Read_Difference_ChangesWhatItNamesAndKeepsTheRest()
    {
        await using var gateway = await StartAsync();
        gateway.Gives("a-1", Body("a-1", null, new() { ["orders"] = One("a"), ["payments"] = One("p"), ["gone"] = One("g") }));
        await using var client = new ClientHost([gateway.Url]);
        var before = await client.Reader.ReadyAsync(CancellationToken.None);

        gateway.Gives("a-2", Body("a-2", "a-1", new() { ["orders"] = One("b") }, "gone"));

        await Eventually.True(() => client.Reader.Current.Version == "a-2", TimeSpan.FromSeconds(30));
        var after = client.Reader.Current;
        Assert.Equal(["orders", "payments"], after.Services.Keys.Order());
        Assert.Equal("b", Assert.Single(after.Find("orders")!.Instances).Id);
        Assert.Same(before.Find("payments"), after.Find("payments"));
    }

    [Fact]
    public async Task Read_DifferenceToSomethingElse_AsksForAll()
    {
        await using var gateway = await StartAsync();
        gateway.Gives("a-1", Body("a-1", null, new() { ["orders"] = One("a") }));
        await using var client = new ClientHost([gateway.Url]);
        await client.Reader.ReadyAsync(CancellationToken.None);

        gateway.Answers("a-9", since => (200, since is null
            ? Body("a-9", null, new() { ["payments"] = One("p") })
            : Body("a-9", "a-8", new() { ["payments"] = One("p") })));

        await Eventually.True(() => client.Reader.Current.Version == "a-9", TimeSpan.FromSeconds(30));
        Assert.Equal(["payments"], client.Reader.Current.Services.Keys);
        Assert.Contains(gateway.Asked.Skip(1), asked => asked is null);
    }

    [Fact]
    public async Task Find_OtherCase_IsFoundToo()
    {
        await using var gateway = await StartAsync();
        gateway.Gives("a-1", Body("a-1", null, new() { ["Orders"] = One("a") }));
        await using var client = new ClientHost([gateway.Url]);

        var directory = await client.Reader.ReadyAsync(CancellationToken.None);

        Assert.Equal("Orders", directory.Find("orders")!.Name);
        Assert.Null(directory.Find("order"));
    }

    private static object One(string id) => Service("scored", [Instance(id, "127.0.0.1:1")]);

    private static string Body(string version, string? since, Dictionary<string, object> services, params string[] removed) =>
        JsonSerializer.Serialize(new { version, @base = since, full = since is null, services, removed });
}
