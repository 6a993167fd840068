using Fairway.Gateway.Jobs;
using Fairway.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fairway.Gateway.Tests.Jobs;

[Trait("Engine", "any")]
public sealed class JournalLedgerTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualClock _clock = new();

    [Fact]
    public async Task Reopen_MarksAndKeys_AreKnown()
    {
        await using (var ledger = Open())
        {
            await ledger.MarkFirstFrameAsync("me", 1);
            await SettleAsync(ledger, "k", 7);
        }

        await using var again = Open();
        Assert.True(await again.HasFirstFrameAsync("me", 1));
        Assert.False(await again.HasFirstFrameAsync("me", 2));
        Assert.False(await again.HasFirstFrameAsync("you", 1));
        var replay = await ReserveAsync(again, "k");
        Assert.Equal((IdempotencyOutcome.Replay, 7L), (replay.Outcome, replay.Version));
    }

    [Fact]
    public async Task Journal_ADayAndManyMarksLater_IsSmallAndForgetsOnlyWhatIsOver()
    {
        await using (var ledger = Open(compactAt: 20_000))
        {
            for (var version = 1; version < 2000; version++)
            {
                await ledger.MarkFirstFrameAsync("me", version);
            }

            _clock.Advance(TimeSpan.FromHours(25));
            for (var version = 2000; version < 4000; version++)
            {
                await ledger.MarkFirstFrameAsync("me", version);
            }

            Assert.False(await ledger.HasFirstFrameAsync("me", 1));
        }

        await using var again = Open();
        Assert.True(await again.HasFirstFrameAsync("me", 3999));
        Assert.InRange(new FileInfo(_folder["ledger.journal"]).Length, 1, 100_000);
    }

    public void Dispose() => _folder.Dispose();

    private static Task<IdempotencyResult> ReserveAsync(JournalLedger ledger, string key) =>
        ledger.ReserveAsync("me", key, "body"u8.ToArray(), CancellationToken.None);

    private static async Task SettleAsync(JournalLedger ledger, string key, long version) =>
        await ledger.SettleAsync((await ReserveAsync(ledger, key)).Reservation!, version);

    private JournalLedger Open(long compactAt = 4 << 20) => new(_folder["ledger.journal"], _clock, NullLogger<JournalLedger>.Instance, compactAt);
}
