using System.Text;
using Fairway.Grains.Streams;
using Fairway.Storage.History;
using Fairway.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Fairway.Storage.Tests.History;

public sealed class JournalHistoryTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualClock _clock = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Page_ManyAnswers_NewestFirstUntilNoneIsLeft(bool onDisk)
    {
        await using var history = Open(onDisk);
        foreach (var version in (long[])[3, 1, 2, 5, 4])
        {
            await history.WriteAsync(Entry("me", version));
        }

        await history.WriteAsync(Entry("me", 6, "other"));
        await history.WriteAsync(Entry("you", 7));

        var first = await history.PageAsync("me", "main", long.MaxValue, 2);
        var second = await history.PageAsync("me", "main", first.Next!.Value, 2);
        var last = await history.PageAsync("me", "main", second.Next!.Value, 2);

        Assert.Equal([5, 4], first.Items.Select(item => item.Version));
        Assert.Equal([3, 2], second.Items.Select(item => item.Version));
        Assert.Equal([1], last.Items.Select(item => item.Version));
        Assert.Null(last.Next);
        Assert.Empty((await history.PageAsync("nobody", "main", long.MaxValue, 2)).Items);
    }

    [Fact]
    public async Task Item_OfAStreamedAnswer_HasMessagesTextAndToolCalls()
    {
        await using var history = Open(onDisk: true);
        await history.WriteAsync(new HistoryEntry(
            "me", 1, "main", """{"messages":[{"role":"user","content":"häfen?"}],"model":"m"}"""u8.ToArray(),
            [
                """{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"""u8.ToArray(),
                """{"choices":[{"index":1,"delta":{"content":"no"}},{"index":0,"delta":{"content":"Ham"}}]}"""u8.ToArray(),
                """{"choices":[{"index":0,"delta":{"content":"burg"}}]}"""u8.ToArray(),
                """{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"tide","arguments":""}}]}}]}"""u8.ToArray(),
                """{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]},"finish_reason":"tool_calls"}]}"""u8.ToArray(),
                """{"choices":[],"usage":{}}"""u8.ToArray(),
            ],
            _clock.GetUtcNow(), true));

        var item = Assert.Single((await history.PageAsync("me", "main", long.MaxValue, 10)).Items);

        Assert.Equal("""[{"role":"user","content":"häfen?"}]""", Encoding.UTF8.GetString(item.Messages.Span));
        Assert.Equal("Hamburg", item.Answer);
        Assert.Equal(
            """[{"id":"c1","type":"function","function":{"name":"tide","arguments":"{}"}}]""", Encoding.UTF8.GetString(item.ToolCalls.Span));
        Assert.Equal(_clock.GetUtcNow(), item.FinishedAt);
    }

    [Fact]
    public async Task Reopen_TornTail_KeepsWhatWasAnswered()
    {
        await using (var history = Open(onDisk: true))
        {
            await history.WriteAsync(Entry("me", 1));
            await history.WriteAsync(Entry("me", 1));
            await history.AcknowledgeAsync("me", 2);
        }

        await File.AppendAllBytesAsync(FilePath, [200, 0, 0, 0, 1, 2, 3, 4, 5]);

        await using var again = Open(onDisk: true);
        Assert.Equal([1], (await again.PageAsync("me", "main", long.MaxValue, 10)).Items.Select(item => item.Version));
        Assert.True(await again.WasAcknowledgedAsync("me", 1));
        Assert.True(await again.WasAcknowledgedAsync("me", 2));
        Assert.False(await again.WasAcknowledgedAsync("you", 1));
    }

    [Fact]
    public async Task Write_KeptAtItsEndThenAcknowledged_IsThereOnceAndKnownToBeAcknowledged()
    {
        await using (var history = Open(onDisk: true))
        {
            await history.WriteAsync(Entry("me", 1, isAcknowledged: false));
            Assert.False(await history.WasAcknowledgedAsync("me", 1));
            await history.WriteAsync(Entry("me", 1));
        }

        await using var again = Open(onDisk: true);
        Assert.True(await again.WasAcknowledgedAsync("me", 1));
        Assert.Single((await again.PageAsync("me", "main", long.MaxValue, 10)).Items);
    }

    [Fact]
    public async Task WasAcknowledged_ADayLater_IsForgottenAndTheAnswerStays()
    {
        await using (var history = Open(onDisk: true))
        {
            await history.WriteAsync(Entry("me", 1));
            _clock.Advance(TimeSpan.FromHours(24));
            Assert.True(await history.WasAcknowledgedAsync("me", 1));
            _clock.Advance(TimeSpan.FromSeconds(1));
            Assert.False(await history.WasAcknowledgedAsync("me", 1));
        }

        await using var again = Open(onDisk: true);
        Assert.False(await again.WasAcknowledgedAsync("me", 1));
        Assert.Single((await again.PageAsync("me", "main", long.MaxValue, 10)).Items);
    }

    public void Dispose() => _folder.Dispose();

    private string FilePath => Path.Combine(_folder.Path, "history.journal");

    private HistoryEntry Entry(string user, long version, string conversation = "main", bool isAcknowledged = true) =>
        new(user, version, conversation, "{}"u8.ToArray(), [], _clock.GetUtcNow(), isAcknowledged);

    private JournalHistory Open(bool onDisk) => new(onDisk ? FilePath : null, Options.Create(new HistoryOptions()), _clock, NullLogger<JournalHistory>.Instance);
}
