using System.Text;
using Fairway.Core.Streams;
using Fairway.Grains.Streams;
using Fairway.Storage.History;
using Fairway.Storage.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Tests.Brokers;

[Collection(BrokerCollection.Name)]
[Trait("Engine", "any")]
public sealed class PostgresHistoryTests(BrokerFixture servers) : IAsyncLifetime
{
    private readonly string _schema = BrokerFixture.NewName();
    private Rig _rig = null!;

    public async Task InitializeAsync()
    {
        _rig = new Rig(servers, _schema);
        await _rig.History.PageAsync("nobody", "main", long.MaxValue, 1); // migrated
    }

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task Write_ThenPage_NewestFirstWithoutGapsOverPages()
    {
        for (var version = 1; version <= 7; version++)
        {
            await _rig.History.WriteAsync(Entry("me", version));
        }

        await _rig.History.WriteAsync(Entry("me", 8, conversation: "other"));
        await _rig.History.WriteAsync(Entry("you", 9));

        var first = await _rig.History.PageAsync("me", "main", long.MaxValue, 3);
        var second = await _rig.History.PageAsync("me", "main", first.Next!.Value, 3);
        var third = await _rig.History.PageAsync("me", "main", second.Next!.Value, 3);
        Assert.Equal([7L, 6, 5, 4, 3, 2, 1], first.Items.Concat(second.Items).Concat(third.Items).Select(item => item.Version));
        Assert.Null(third.Next);
    }

    [Fact]
    public async Task Page_ExactlyTheLast_SaysThatNothingFollows()
    {
        await _rig.History.WriteAsync(Entry("exact", 1));
        await _rig.History.WriteAsync(Entry("exact", 2));

        Assert.Null((await _rig.History.PageAsync("exact", "main", long.MaxValue, 2)).Next);
        Assert.Empty((await _rig.History.PageAsync("exact", "main", 1, 2)).Items);
    }

    [Fact]
    public async Task Write_ThenPage_BytesComeBackAsTheyWere()
    {
        const string Messages = """[{"role":"user","content":"a\u0000b  \ud83d\ude00 é"}]""";
        var chunk = """{"choices":[{"index":0,"delta":{"content":"x\u0000y😀"}}]}""";
        await _rig.History.WriteAsync(Entry("bytes", 5, request: $$"""{"messages":{{Messages}}}""", chunk: chunk));

        var item = Assert.Single((await _rig.History.PageAsync("bytes", "main", long.MaxValue, 5)).Items);
        Assert.Equal(Messages, Encoding.UTF8.GetString(item.Messages.Span));
        Assert.Equal("x\0y😀", item.Answer);
        Assert.True(item.ToolCalls.IsEmpty);
        Assert.Equal(Finished, item.FinishedAt);
    }

    [Fact]
    public async Task Write_ASecondTime_ChangesNothingButTheAcknowledgement()
    {
        await _rig.History.WriteAsync(Entry("twice", 1, chunk: """{"choices":[{"index":0,"delta":{"content":"first"}}]}""", acknowledged: false));
        Assert.False(await _rig.History.WasAcknowledgedAsync("twice", 1));

        await _rig.History.WriteAsync(Entry("twice", 1, chunk: """{"choices":[{"index":0,"delta":{"content":"second"}}]}"""));

        Assert.Equal("first", Assert.Single((await _rig.History.PageAsync("twice", "main", long.MaxValue, 5)).Items).Answer);
        Assert.True(await _rig.History.WasAcknowledgedAsync("twice", 1));
        Assert.False(await _rig.History.WasAcknowledgedAsync("somebody else", 1));
    }

    [Fact]
    public async Task WasAcknowledged_ADayLater_IsForgottenAndCleaningLeavesWhatIsYoung()
    {
        await _rig.History.WriteAsync(Entry("old", 1));
        await _rig.History.WriteAsync(Entry("old", 2));
        await servers.QueryAsync<object>($"UPDATE {_schema}.acknowledgements SET at = now() - interval '25 hours' WHERE version = 1 RETURNING 1");

        Assert.False(await _rig.History.WasAcknowledgedAsync("old", 1));
        Assert.True(await _rig.History.WasAcknowledgedAsync("old", 2));
        await _rig.Cleaner.CleanAsync(CancellationToken.None);
        Assert.Equal(1L, await servers.QueryAsync<long>($"SELECT count(*) FROM {_schema}.acknowledgements WHERE usr = 'old'"));
        Assert.Equal(2L, await servers.QueryAsync<long>($"SELECT count(*) FROM {_schema}.answers WHERE usr = 'old'"));
    }

    [Fact]
    public async Task Clean_WithRetention_RemovesAnswersOlderThanThatOverManyRounds()
    {
        await using var rig = new Rig(servers, _schema, retentionDays: 30);
        await servers.QueryAsync<object>($"""
            INSERT INTO {_schema}.answers SELECT 'aged', v, 'main', '', '', '', now(), now() - interval '31 days' FROM generate_series(1, 12001) v;
            INSERT INTO {_schema}.answers VALUES ('aged', 20000, 'main', '', '', '', now(), now() - interval '29 days');
            SELECT 1
            """);

        await rig.Cleaner.CleanAsync(CancellationToken.None);

        Assert.Equal([20000L], (await rig.History.PageAsync("aged", "main", long.MaxValue, 5)).Items.Select(item => item.Version));
    }

    [Fact]
    public async Task Write_ManyAtOnce_ShareTransactions()
    {
        await Task.WhenAll(Enumerable.Range(1, 1000).Select(version => _rig.History.WriteAsync(Entry("many", version))));

        Assert.Equal(1000L, await servers.QueryAsync<long>($"SELECT count(*) FROM {_schema}.answers WHERE usr = 'many'"));
        Assert.InRange(await servers.QueryAsync<long>($"SELECT count(DISTINCT xmin::text) FROM {_schema}.answers WHERE usr = 'many'"), 1, 200);
    }

    [Fact]
    public async Task Write_OneThatTheDatabaseRefuses_TheOthersAreKept()
    {
        var writes = Enumerable.Range(1, 20).Select(version => _rig.History.WriteAsync(Entry(version == 7 ? "no\0user" : "neighbour", version))).ToArray();

        await Assert.ThrowsAnyAsync<Exception>(() => writes[6]);
        await Task.WhenAll(writes.Where((_, index) => index != 6));
        Assert.Equal(19, (await _rig.History.PageAsync("neighbour", "main", long.MaxValue, 50)).Items.Count);
    }

    [Fact]
    public async Task Save_ThenTake_GivesItOnceAndKeptAnswersUntilForgotten()
    {
        var done = new SavedStream(
            5, "main", "{}"u8.ToArray(), Finished, TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(1), StreamState.Done, 1, 1, true, 0,
            [new Frame(FrameKind.Delta, "\"\\u0000\""u8.ToArray()), Terminals.Done]);
        await _rig.States.SaveAsync("me", new SavedStreams(9, [done with { Version = 9 }], [new SavedDeparture(3, TimeSpan.FromSeconds(2), true)]));
        await _rig.States.KeepAsync("me", done);
        await _rig.States.KeepAsync("me", done);
        await _rig.States.KeepAsync("me", done with { Version = 6 });
        await _rig.States.KeepAsync("you", done with { Version = 7 });
        await _rig.States.ForgetAsync("me", 6);

        await using var other = new Rig(servers, _schema); // another silo
        var taken = await other.States.TakeAsync("me");

        Assert.Equal((9, 9), (taken.Saved!.HighestVersion, taken.Saved.Held.Single().Version));
        Assert.Equal(new SavedDeparture(3, TimeSpan.FromSeconds(2), true), taken.Saved.Departed.Single());
        Assert.InRange(taken.Away, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        var kept = Assert.Single(taken.Kept).Answer;
        Assert.Equal(5, kept.Version);
        Assert.Equal(done.Frames.Select(frame => Encoding.UTF8.GetString(frame.Data.Span)), kept.Frames.Select(frame => Encoding.UTF8.GetString(frame.Data.Span)));
        var again = await other.States.TakeAsync("me");
        Assert.Null(again.Saved);
        Assert.Single(again.Kept);
    }

    [Fact]
    public async Task Migrate_ManyGatewaysAtOnce_OneDoesItAndAllWork()
    {
        var schema = BrokerFixture.NewName();
        var rigs = Enumerable.Range(0, 8).Select(_ => new Rig(servers, schema)).ToArray();

        await Task.WhenAll(rigs.Select((rig, index) => rig.History.WriteAsync(Entry("starter", index + 1))));

        Assert.Equal(8, (await rigs[0].History.PageAsync("starter", "main", long.MaxValue, 50)).Items.Count);
        Assert.Equal((long)Migrator.Newest, await servers.QueryAsync<long>($"SELECT count(*) FROM {schema}.schema_version"));
        foreach (var rig in rigs)
        {
            await rig.DisposeAsync();
        }
    }

    [Fact]
    public async Task Migrate_ASchemaOfALaterProgram_IsRefused()
    {
        var schema = BrokerFixture.NewName();
        await using (var rig = new Rig(servers, schema))
        {
            await rig.History.AcknowledgeAsync("me", 1);
        }

        await servers.QueryAsync<object>($"INSERT INTO {schema}.schema_version VALUES (9999) RETURNING 1");

        await using var older = new Rig(servers, schema);
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => older.History.WasAcknowledgedAsync("me", 1).AsTask());
        Assert.Contains("9999", refusal.Message, StringComparison.Ordinal);
    }

    private static DateTimeOffset Finished { get; } = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    private static HistoryEntry Entry(
        string user, long version, string conversation = "main", string request = """{"messages":[]}""",
        string chunk = """{"choices":[{"index":0,"delta":{"content":"hello"}}]}""", bool acknowledged = true) =>
        new(user, version, conversation, Encoding.UTF8.GetBytes(request), [Encoding.UTF8.GetBytes(chunk)], Finished, acknowledged);

    private sealed class Rig : IAsyncDisposable
    {
        private readonly PostgresStore _store;
        private readonly PostgresWriter _writer;
        private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

        public Rig(BrokerFixture servers, string schema, double retentionDays = 0)
        {
            var settings = new PostgresOptions { ConnectionString = servers.Postgres.ConnectionString, Schema = schema };
            var options = Options.Create(settings);
            var metrics = ActivatorUtilities.CreateInstance<PostgresMetrics>(_services);
            _store = new PostgresStore(options, metrics, TimeProvider.System, NullLogger<PostgresStore>.Instance);
            _writer = new PostgresWriter(_store, metrics, options, NullLogger<PostgresWriter>.Instance);
            History = new PostgresHistory(_store, _writer);
            States = new PostgresStreamStates(_store, _writer);
            Cleaner = new PostgresCleaner(
                _store, metrics, options, Options.Create(new HistoryOptions { RetentionDays = retentionDays }), TimeProvider.System, NullLogger<PostgresCleaner>.Instance);
        }

        public PostgresHistory History { get; }

        public PostgresStreamStates States { get; }

        public PostgresCleaner Cleaner { get; }

        public async ValueTask DisposeAsync()
        {
            await _writer.DisposeAsync();
            Cleaner.Dispose();
            _store.Dispose();
            await _services.DisposeAsync();
        }
    }
}
