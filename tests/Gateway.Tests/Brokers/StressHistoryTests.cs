using System.Net;
using Fairway.Gateway.Tests.Generation;
using Fairway.Gateway.Tests.Streams;
using Fairway.Testing;

namespace Fairway.Gateway.Tests.Brokers;

/// <summary>A stress test over the broker and the database that real users have.</summary>
[Collection(BrokerCollection.Name)]
[Trait("Engine", "any")]
public sealed class StressHistoryTests(BrokerFixture servers)
{
    private static readonly string[] Lasting = ["answers", "acknowledgements", "held_answers", "saved_streams"];

    private readonly string _name = BrokerFixture.NewName();

    [Theory]
    [InlineData("ack")]
    [InlineData("finish")]
    public async Task Ask_UnderTheMark_LeavesTheTablesOfUsersAsTheyWere(string historyOn)
    {
        await using var model = await ModelServer.StartAsync();
        await using var host = await BrokerHost.StartAsync(model, [.. servers.Settings(_name), StressMark.Setting, $"--Streams:HistoryOn={historyOn}"]);
        var user = host.User("somebody");
        var acknowledged = await user.AskAsync("tides", """{"tokens":3}""");
        await BrokerHost.ReadAsync(user, acknowledged);
        await BrokerHost.AcknowledgeAsync(user, acknowledged);
        var held = await user.AskAsync("tides", """{"tokens":3}""");
        await BrokerHost.ReadAsync(user, held);
        await Eventually.TrueAsync(async () => await servers.QueryAsync<long>($"SELECT count(*) FROM {_name}.held_answers") == 1); // the other is forgotten
        var before = await ChecksumsAsync();

        foreach (var conversation in (string?[])[null, "other", null])
        {
            await StressMark.AnswerAsync(user, conversation);
        }

        Assert.Equal(before, await ChecksumsAsync());
        Assert.Equal("done", await user.StateAsync(held));
        Assert.Contains(acknowledged, await BrokerHost.HistoryAsync(user));
        Assert.Equal(HttpStatusCode.NoContent, (await user.AcknowledgeAsync(held)).Status);
    }

    private async Task<string[]> ChecksumsAsync()
    {
        var sums = new List<string>();
        foreach (var table in Lasting)
        {
            sums.Add(await servers.QueryAsync<string>($"SELECT '{table} ' || md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {_name}.{table} t"));
        }

        return [.. sums];
    }
}
