using System.Text;
using Fairway.Core.Lanes;
using Fairway.Sdk.Lanes;
using Fairway.Sdk.RabbitMq.Outbox;
using Fairway.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Fairway.Sdk.RabbitMq.Tests;

[Collection(RabbitCollection.Name)]
public sealed class OutboxTests(RabbitFixture rabbit) : IAsyncLifetime
{
    private readonly string _name = $"outbox_{Guid.NewGuid():N}";
    private OutboxTable _table = null!;
    private NpgsqlDataSource _database = null!;

    public async Task InitializeAsync()
    {
        _table = new OutboxTable(_name);
        _database = NpgsqlDataSource.Create(rabbit.Postgres.ConnectionString);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => _table.CreateAsync(_database)));
    }

    public async Task DisposeAsync() => await _database.DisposeAsync();

    [Fact]
    public async Task Relay_CommittedMessages_GoOutInOrderUnderTheLabelOfEnqueueTimeAndOthersNever()
    {
        await using var rig = new LaneRig(rabbit);
        await rig.StartPublisherAsync();
        rig.Lanes.Declare("blue", "stock");
        await rig.ConsumeAsync("stock", configure: options => options with { Concurrency = 1 });
        await rig.ConsumeAsync("stock", "blue", options => options with { Concurrency = 1 });
        string first;
        using (LaneContext.Use(Label.Of("blue", stress: true)))
        {
            first = await AddAsync(rig.Topic, commit: true, "one", "two");
            await AddAsync(rig.Topic, commit: false, "rolled back");
        }

        await AddAsync(rig.Topic, commit: true, "plain");
        using var relay = new OutboxRelay(_table, _database, rig.Publisher, TimeProvider.System, NullLogger<OutboxRelay>.Instance);
        using (LaneContext.Use(Label.Of("red")))
        {
            Assert.Equal(3, await relay.RelayAsync(CancellationToken.None)); // the relay's own context is nobody's
        }

        await Eventually.True(() => rig.Seen.Count == 3);
        Assert.Equal(["one", "two"], rig.Seen.Where(seen => seen.Who == "stock@blue").Select(seen => seen.Text));
        Assert.All(rig.Seen.Where(seen => seen.Who == "stock@blue"), seen => Assert.Equal(Label.Of("blue", stress: true), seen.Current));
        Assert.Equal(("plain", Label.None), rig.Seen.Where(seen => seen.Who == "stock").Select(seen => (seen.Text, seen.Current)).Single());
        Assert.Equal(first, rig.Seen.Single(seen => seen.Text == "one").Id);
        Assert.Equal(0, await relay.RelayAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Relay_BrokerAway_KeepsAllAndPublishesWhenItIsBack()
    {
        await using var proxy = new TcpProxy(rabbit.Server.Port);
        await using var rig = new LaneRig(rabbit, $"amqp://guest:guest@127.0.0.1:{proxy.Port}/");
        await rig.StartPublisherAsync();
        await rig.ConsumeAsync("stock");
        proxy.Cut();
        await Eventually.True(() => !rig.Publisher.IsUp);
        await AddAsync(rig.Topic, commit: true, "kept");
        using var relay = new OutboxRelay(_table, _database, rig.Publisher, TimeProvider.System, NullLogger<OutboxRelay>.Instance);
        await relay.StartAsync(CancellationToken.None);

        proxy.Mend();
        await Eventually.True(() => rig.Seen.Any(seen => seen.Text == "kept"));
        await Eventually.TrueAsync(async () =>
        {
            await using var command = _database.CreateCommand($"SELECT count(*) FROM {_name}");
            return (long)(await command.ExecuteScalarAsync())! == 0;
        });
        await relay.StopAsync(CancellationToken.None);
        Assert.Single(rig.Seen);
    }

    [Fact]
    public async Task Relay_TwoRelays_PublishEachMessageOnce()
    {
        await using var rig = new LaneRig(rabbit);
        await rig.StartPublisherAsync();
        await rig.ConsumeAsync("stock");
        await AddAsync(rig.Topic, commit: true, [.. Enumerable.Range(0, 500).Select(number => $"{number}")]);
        using var one = new OutboxRelay(_table, _database, rig.Publisher, TimeProvider.System, NullLogger<OutboxRelay>.Instance);
        using var other = new OutboxRelay(_table, _database, rig.Publisher, TimeProvider.System, NullLogger<OutboxRelay>.Instance);
        await one.StartAsync(CancellationToken.None);
        await other.StartAsync(CancellationToken.None);

        await Eventually.True(() => rig.Seen.Count >= 500);
        await one.StopAsync(CancellationToken.None);
        await other.StopAsync(CancellationToken.None);
        Assert.Equal(500, rig.Seen.Select(seen => seen.Text).Distinct().Count());
        Assert.Equal(500, rig.Seen.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Outbox")]
    [InlineData("outbox; DROP TABLE x")]
    [InlineData("a.b.c")]
    public void Table_MalformedName_IsRefused(string name) => Assert.Throws<ArgumentException>(() => new OutboxTable(name));

    private async Task<string> AddAsync(string topic, bool commit, params string[] texts)
    {
        await using var connection = await _database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var ids = new List<string>();
        foreach (var text in texts)
        {
            ids.Add(await _table.AddAsync(transaction, topic, Encoding.UTF8.GetBytes(text)));
        }

        await (commit ? transaction.CommitAsync() : transaction.RollbackAsync());
        return ids[0];
    }
}
