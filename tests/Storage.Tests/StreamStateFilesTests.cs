using Fairway.Core.Streams;
using Fairway.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fairway.Storage.Tests;

public sealed class StreamStateFilesTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualClock _clock = new();

    [Fact]
    public async Task Take_AfterSave_GivesEverythingOnceWithTheTimeBetween()
    {
        var streams = new UserStreams(new StreamLimits(), _clock);
        List<StreamEffect> effects = [];
        var done = streams.Open("a", "request"u8.ToArray(), effects).Version;
        streams.Append(done, 1, 0, [new Frame(FrameKind.Delta, "{}"u8.ToArray()), Terminals.Done], effects);
        streams.MarkRead(done);
        var freed = streams.Open("b", default, effects).Version;
        streams.Append(freed, 2, 0, [Terminals.Done], effects);
        streams.Acknowledge(freed, effects);
        await using var answers = Answers();
        await Files(answers).SaveAsync("../a/user\0", streams.Save());
        _clock.Advance(TimeSpan.FromSeconds(7));

        var files = Files(answers);
        var taken = await files.TakeAsync("../a/user\0");

        Assert.Equal(TimeSpan.FromSeconds(7), taken.Away);
        var again = new UserStreams(new StreamLimits(), _clock, taken.Saved!, taken.Away);
        Assert.Equal([FrameKind.Delta, FrameKind.Stop], again.Read(done, 0)!.Value.Frames.Select(frame => frame.Kind));
        Assert.Equal("a", again.Find(done)!.Conversation);
        Assert.Equal(AckResult.Acknowledged, again.Acknowledge(freed, effects));
        Assert.True(again.Open("c", default, effects).Version > freed);
        Assert.Null((await files.TakeAsync("../a/user\0")).Saved);
        Assert.Empty(Directory.EnumerateFiles(_folder["streams"]));
    }

    [Fact]
    public async Task Take_DamagedFile_IsSaidOnceAndLeftBehind()
    {
        await using var answers = Answers();
        var files = Files(answers);
        await files.SaveAsync("someone", new UserStreams(new StreamLimits(), _clock).Save());
        var path = Directory.EnumerateFiles(_folder["streams"]).Single();
        await File.WriteAllBytesAsync(path, (await File.ReadAllBytesAsync(path))[..^1]);

        await Assert.ThrowsAsync<InvalidDataException>(() => files.TakeAsync("someone"));
        Assert.Null((await files.TakeAsync("someone")).Saved);
    }

    public void Dispose() => _folder.Dispose();

    private AnswerJournal Answers() => new(_folder["answers.journal"], _clock, NullLogger<AnswerJournal>.Instance);

    private StreamStateFiles Files(AnswerJournal answers) => new(_folder["streams"], answers, _clock);
}
