using System.Text;
using Fairway.Core.Streams;
using Fairway.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fairway.Storage.Tests;

public sealed class AnswerJournalTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualClock _clock = new();

    private string FilePath => _folder["answers.journal"];

    [Fact]
    public async Task Keep_ThenReopen_GivesTheFramesAsTheyWereAndTheirAge()
    {
        var answer = Answer(7, "a \" and\u0000b");
        await using (var journal = Open())
        {
            await journal.KeepAsync("me", answer);
            await journal.KeepAsync("you", Answer(8));
        }

        _clock.Advance(TimeSpan.FromSeconds(9));
        await using var again = Open();

        var kept = Assert.Single(again.Of("me"));
        Assert.Equal(TimeSpan.FromSeconds(9), kept.Age);
        Assert.Equal(answer.Frames.Select(Text), kept.Answer.Frames.Select(Text));
        Assert.Equal((7, "main", StreamState.Done, 3), (kept.Answer.Version, kept.Answer.Conversation, kept.Answer.State, kept.Answer.Attempt));
        Assert.Equal(8, Assert.Single(again.Of("you")).Answer.Version);
        Assert.Empty(again.Of("nobody"));
    }

    [Fact]
    public async Task Forget_ThenReopen_IsGoneAndOthersStay()
    {
        await using (var journal = Open())
        {
            await journal.KeepAsync("me", Answer(1));
            await journal.KeepAsync("me", Answer(2));
            await journal.ForgetAsync("me", 1);
            await journal.ForgetAsync("me", 1);
            await journal.ForgetAsync("nobody", 1);
            Assert.Equal([2L], journal.Of("me").Select(kept => kept.Answer.Version));
        }

        await using var again = Open();
        Assert.Equal([2L], again.Of("me").Select(kept => kept.Answer.Version));
    }

    [Fact]
    public async Task Open_AfterTwoDays_LeavesBehindWhatHasExpiredLongAgo()
    {
        await using (var journal = Open())
        {
            await journal.KeepAsync("me", Answer(1));
        }

        _clock.Advance(TimeSpan.FromHours(49));
        await using var again = Open();

        Assert.Empty(again.Of("me"));
    }

    [Fact]
    public async Task Keep_ManyForgotten_TheFileStaysSmallAndWhatIsKeptStays()
    {
        await using (var journal = Open(compactAt: 20_000))
        {
            await journal.KeepAsync("me", Answer(1));
            for (var version = 2; version < 1000; version++)
            {
                await journal.KeepAsync("me", Answer(version, new string('x', 200)));
                await journal.ForgetAsync("me", version);
            }

            await Eventually.TrueAsync(async () =>
            {
                await journal.KeepAsync("me", Answer(1000));
                return new FileInfo(FilePath).Length < 60_000;
            });
        }

        await using var again = Open();
        Assert.Equal([1L, 1000], again.Of("me").Select(kept => kept.Answer.Version));
    }

    public void Dispose() => _folder.Dispose();

    private static string Text(Frame frame) => $"{frame.Kind} {Encoding.UTF8.GetString(frame.Data.Span)}";

    private static SavedStream Answer(long version, string text = "hello") => new(
        version, "main", "{}"u8.ToArray(), DateTimeOffset.UnixEpoch, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(1), StreamState.Done, 3, 3, true, 0,
        [new Frame(FrameKind.Delta, Encoding.UTF8.GetBytes(text)), Terminals.Done]);

    private AnswerJournal Open(long compactAt = 1 << 20) => new(FilePath, _clock, NullLogger<AnswerJournal>.Instance, compactAt);
}
