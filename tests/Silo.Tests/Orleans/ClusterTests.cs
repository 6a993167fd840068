using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Fairway.Testing;

namespace Fairway.Silo.Tests.Orleans;

/// <summary>Two silos, a Gateway with one inside, and a Gateway that is a client over TCP; nobody is harmed.</summary>
[Collection(Clusters.Name)]
public sealed class ClusterTests(ClusterTests.Fixture fixture) : IClassFixture<ClusterTests.Fixture>
{
    [Fact]
    public async Task Processes_OneEtcd_AreOneCluster()
    {
        foreach (var member in (Member[])[fixture.Silo, fixture.Other, fixture.Gateway])
        {
            await member.SeesAsync(3);
        }

        Assert.Contains("\"Active\":3", await fixture.Silo.Http.GetStringAsync(new Uri("/readyz", UriKind.Relative)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Register_AtOneGateway_IsOnTheListsOfAll()
    {
        using var answer = await fixture.Client.RegisterAsync("shared", "a");
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        using var again = await fixture.Gateway.RegisterAsync("shared", "b");
        Assert.Equal(HttpStatusCode.Created, again.StatusCode);

        foreach (var member in (Member[])[fixture.Gateway, fixture.Client])
        {
            await Eventually.Passes(async () => Assert.Equal(["a", "b"], await member.BestAsync("shared")), Cluster.Patience);
        }
    }

    [Fact]
    public async Task Grains_InTheCluster_AreOneRegistryGrain()
    {
        await Eventually.Passes(async () => Assert.Single(await fixture.Client.HoldersAsync("RegistryGrain")), Cluster.Patience);
        Assert.Null(await fixture.Client.OwnSiloAsync());
    }

    [Fact]
    public async Task Stream_PostedAtTheClient_IsReadAtTheOther()
    {
        var version = await fixture.Client.AskAsync("ann", """{"tokens":50,"tokensPerSecond":100}""");

        var reading = await fixture.Gateway.FollowAsync("ann", version);

        Assert.Equal("stop", await reading.Ended.WaitAsync(Cluster.Patience));
        reading.IsWhole(deltas: 50 + 2); // the role and the finish reason are chunks of their own
    }

    [Fact]
    public async Task Streams_AreHeldWhereHistoryReachesFurthest()
    {
        foreach (var user in (string[])["bob", "cid", "dan", "eve"])
        {
            var version = await fixture.Client.AskAsync(user, """{"tokens":1}""");
            await (await fixture.Client.FollowAsync(user, version)).Ended.WaitAsync(Cluster.Patience);
        }

        // the silos have neither a database nor a folder
        Assert.Equal(await fixture.Gateway.OwnSiloAsync(), Assert.Single(await fixture.Client.HoldersAsync("UserStreamGrain")));
    }

    [Fact]
    public async Task History_OfTheSiloThatHoldsTheUser_IsReadAtTheClient()
    {
        var version = await fixture.Client.AskAsync("fay", """{"tokens":1}""");
        await (await fixture.Client.FollowAsync("fay", version)).Ended.WaitAsync(Cluster.Patience);

        Assert.Equal(HttpStatusCode.NoContent, await fixture.Client.AcknowledgeAsync("fay", version));

        Assert.Equal([version], await fixture.Client.HistoryAsync("fay"));
        Assert.Equal([version], await fixture.Gateway.HistoryAsync("fay"));
    }

    [Fact]
    public async Task Dashboard_AtEachProcess_NeedsTheKeyAndHidesTraces()
    {
        foreach (var member in (Member[])[fixture.Silo, fixture.Gateway, fixture.Client])
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(member, "/dashboard/", null));
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(member, "/dashboard/DashboardCounters", "wrong"));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(member, "/dashboard/", Cluster.AdminKey));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(member, "/dashboard/index.min.js", Cluster.AdminKey));
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(member, "/dashboard/Trace", Cluster.AdminKey));
        }
    }

    private static async Task<HttpStatusCode> StatusAsync(Member member, string path, string? password)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (password is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"admin:{password}")));
        }

        using var response = await member.Http.SendAsync(request);
        return response.StatusCode;
    }

    public sealed class Fixture : IAsyncLifetime
    {
        private EtcdServer? _etcd;
        private Cluster? _cluster;

        internal Member Silo { get; private set; } = null!;

        internal Member Other { get; private set; } = null!;

        internal Member Gateway { get; private set; } = null!;

        internal Member Client { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            _etcd = await EtcdServer.StartAsync();
            _cluster = new Cluster([_etcd.Endpoint]);
            await _cluster.StartModelAsync();
            var others = Task.WhenAll(_cluster.StartSiloAsync("silo-1"), _cluster.StartSiloAsync("silo-2"));
            (Gateway, Client) = (await _cluster.StartGatewayAsync("gateway"), await _cluster.StartClientAsync("client"));
            (Silo, Other) = ((await others)[0], (await others)[1]);
        }

        public async Task DisposeAsync()
        {
            await _cluster!.DisposeAsync();
            await _etcd!.DisposeAsync();
        }
    }
}
