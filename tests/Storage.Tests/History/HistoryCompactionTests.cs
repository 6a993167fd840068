using Fairway.Grains.Streams;
using Fairway.Storage.History;
using Fairway.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Fairway.Storage.Tests.History;

/// <summary>The history journal is rewritten: nothing that was acknowledged is lost, what is past its time is.</summary>
public sealed class HistoryCompactionTests : IDisposable
{
    private const long CompactAt = 20_000;

    private readonly TempFolder _folder = new();
    private readonly ManualClock _clock = new();

    private string FilePath => _folder["history.journal"];

    [Fact]
    public async Task Rewrite_AcknowledgementsOfManyErrors_LeavesTheAnswersAndTheLastDay()
    {
        await using (var history = Open())
        {
            await history.WriteAsync(Entry(1));
            await history.WriteAsync(Entry(2, isAcknowledged: false));
            await history.AcknowledgeAsync("me", 2);
            for (var version = 10; version < 3000; version++)
            {
                await history.AcknowledgeAsync("me", version);
            }

            _clock.Advance(TimeSpan.FromHours(25));
            await history.WriteAsync(Entry(3000, isAcknowledged: false));
            await history.AcknowledgeAsync("me", 3000);
            await history.AcknowledgeAsync("me", 3001);
            _clock.Advance(TimeSpan.FromHours(1)); // the next sweep
            await Eventually.True(() => new FileInfo(FilePath).Length < 2000);
            await history.WriteAsync(Entry(3002));
            await CheckAsync(history);
        }

        await using var again = Open();
        await CheckAsync(again);

        static async Task CheckAsync(JournalHistory history)
        {
            Assert.Equal([3002, 3000, 2, 1], await VersionsAsync(history));
            Assert.True(await history.WasAcknowledgedAsync("me", 3000));
            Assert.True(await history.WasAcknowledgedAsync("me", 3001));
            Assert.True(await history.WasAcknowledgedAsync("me", 3002));
            Assert.False(await history.WasAcknowledgedAsync("me", 2999));
        }
    }

    [Fact]
    public async Task Retention_PastItsDays_IsNotShownAndThenErased()
    {
        await using (var history = Open(days: 10))
        {
            await history.WriteAsync(Entry(1, text: "an old secret"));
            _clock.Advance(TimeSpan.FromDays(6));
            await history.WriteAsync(Entry(2, text: "a newer one"));
            _clock.Advance(TimeSpan.FromDays(4));
            Assert.Equal([2, 1], await VersionsAsync(history));
            _clock.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal([2], await VersionsAsync(history));

            _clock.Advance(TimeSpan.FromDays(1));
            await Eventually.TrueAsync(async () => !await HoldsAsync("an old secret"));
            Assert.True(await HoldsAsync("a newer one"));
            Assert.Equal([2], await VersionsAsync(history));
        }

        _clock.Advance(TimeSpan.FromDays(30));
        await using var again = Open(days: 10);
        Assert.Empty(await VersionsAsync(again));
        await Eventually.TrueAsync(async () => !await HoldsAsync("a newer one"));
    }

    [Fact]
    public async Task Rewrite_WhileAnswersAreWrittenAndRead_LosesNoneAndMixesNone()
    {
        const int Users = 4;
        const int Answers = 250;
        await using (var history = Open())
        {
            await Task.WhenAll(Enumerable.Range(0, Users).Select(user => Task.Run(async () =>
            {
                for (var version = 1; version <= Answers; version++)
                {
                    await history.WriteAsync(Entry(version, user: $"user-{user}", text: $"text {user} {version}"));
                    for (var error = 0; error < 5; error++)
                    {
                        await history.AcknowledgeAsync($"user-{user}", 100_000 + (version * 10) + error); // waste
                    }

                    if (version % 20 == 0)
                    {
                        await CheckAsync(history, user, version);
                    }
                }
            })));
            _clock.Advance(TimeSpan.FromHours(25));
            await Eventually.True(() => new FileInfo(FilePath).Length < Users * Answers * 150);
            await CheckAllAsync(history);
        }

        await using var again = Open();
        await CheckAllAsync(again);

        static async Task CheckAllAsync(JournalHistory history)
        {
            for (var user = 0; user < Users; user++)
            {
                await CheckAsync(history, user, Answers);
            }
        }

        static async Task CheckAsync(JournalHistory history, int user, int count)
        {
            var page = await history.PageAsync($"user-{user}", "main", long.MaxValue, 1000);
            Assert.Equal(Enumerable.Range(1, count).Reverse().Select(version => $"text {user} {version}"), page.Items.Select(item => item.Answer));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(37)]
    [InlineData(100_000)]
    public async Task Open_RewriteEndedByACrash_TheOldFileCounts(int written)
    {
        await using (var history = Open())
        {
            await history.WriteAsync(Entry(1));
            await history.WriteAsync(Entry(2));
        }

        await File.WriteAllBytesAsync(FilePath + ".new", new byte[written]);

        await using var again = Open();
        Assert.Equal([2, 1], await VersionsAsync(again));
        Assert.False(File.Exists(FilePath + ".new"));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(40_000)]
    public void Options_BadRetention_SaysWhatIsAllowed(double days) =>
        Assert.Contains("History:RetentionDays", new HistoryOptionsValidator().Validate(null, new HistoryOptions { RetentionDays = days }).FailureMessage);

    public void Dispose() => _folder.Dispose();

    private static async Task<IEnumerable<long>> VersionsAsync(JournalHistory history) =>
        (await history.PageAsync("me", "main", long.MaxValue, 100)).Items.Select(item => item.Version);

    private async Task<bool> HoldsAsync(string text)
    {
        using var copy = new TempFolder();
        using var cp = System.Diagnostics.Process.Start("cp", [FilePath, copy["journal"]]); // its lock keeps other .NET readers out
        await cp.WaitForExitAsync();
        return (await File.ReadAllTextAsync(copy["journal"])).Contains(text, StringComparison.Ordinal);
    }

    private HistoryEntry Entry(long version, string user = "me", string text = "text", bool isAcknowledged = true) => new(
        user, version, "main", "{}"u8.ToArray(),
        [System.Text.Encoding.UTF8.GetBytes($$$"""{"choices":[{"index":0,"delta":{"content":"{{{text}}}"}}]}""")], _clock.GetUtcNow(), isAcknowledged);

    private JournalHistory Open(double days = 0) => new(
        FilePath, Options.Create(new HistoryOptions { RetentionDays = days }), _clock, NullLogger<JournalHistory>.Instance, CompactAt);
}
