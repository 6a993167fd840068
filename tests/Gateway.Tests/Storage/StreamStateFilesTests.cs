using Fairway.Core.Streams;
using Fairway.Gateway.Storage;
using Fairway.Testing;

namespace Fairway.Gateway.Tests.Storage;

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
        await new StreamStateFiles(_folder.Path, _clock).SaveAsync("../a/user\0", streams.Save());
        _clock.Advance(TimeSpan.FromSeconds(7));

        var files = new StreamStateFiles(_folder.Path, _clock);
        var taken = await files.TakeAsync("../a/user\0");

        Assert.Equal(TimeSpan.FromSeconds(7), taken!.Away);
        var again = new UserStreams(new StreamLimits(), _clock, taken.Streams, taken.Away);
        Assert.Equal([FrameKind.Delta, FrameKind.Stop], again.Read(done, 0)!.Value.Frames.Select(frame => frame.Kind));
        Assert.Equal("a", again.Find(done)!.Conversation);
        Assert.Equal(AckResult.Acknowledged, again.Acknowledge(freed, effects));
        Assert.True(again.Open("c", default, effects).Version > freed);
        Assert.Null(await files.TakeAsync("../a/user\0"));
        Assert.Empty(System.IO.Directory.EnumerateFiles(_folder.Path));
    }

    [Fact]
    public async Task Take_DamagedFile_IsSaidOnceAndLeftBehind()
    {
        var files = new StreamStateFiles(_folder.Path, _clock);
        await files.SaveAsync("someone", new UserStreams(new StreamLimits(), _clock).Save());
        var path = System.IO.Directory.EnumerateFiles(_folder.Path).Single();
        await File.WriteAllBytesAsync(path, (await File.ReadAllBytesAsync(path))[..^1]);

        await Assert.ThrowsAsync<InvalidDataException>(() => files.TakeAsync("someone"));
        Assert.Null(await files.TakeAsync("someone"));
    }

    public void Dispose() => _folder.Dispose();
}
