using System.Diagnostics;
using Fairway.Core.Streams;
using Fairway.Testing;

namespace Fairway.Gateway.Tests.Generation;

public sealed class RestartTests
{
    private const string User = "someone";

    [Fact]
    public async Task Stop_BeforeTheFirstFrame_TheNextProcessRunsTheJob()
    {
        using var folder = new TempFolder();
        await using var model = await ModelServer.StartAsync();
        var reached = new TaskCompletionSource();
        model.Raw = async context =>
        {
            reached.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        };
        long version;
        await using (var first = await StartAsync(model, folder))
        {
            version = await first.AskAsync(User, """{"model":"raw","messages":[]}""");
            await reached.Task.WaitAsync(TimeSpan.FromSeconds(10));
        }

        model.Raw = ModelServer.Lines("data: {\"choices\":[]}\n\ndata: [DONE]\n\n");
        await using var second = await StartAsync(model, folder);
        var frames = await second.ReadToEndAsync(User, version);

        Assert.Equal(["""{"choices":[]}""", """{"reason":"stop"}"""], frames.Select(Backend.Text));
    }

    [Fact]
    public async Task Stop_InMidAnswer_TheNextProcessKeepsTheFramesAndEndsInInterrupted()
    {
        using var folder = new TempFolder();
        await using var model = await ModelServer.StartAsync();
        long version;
        IReadOnlyList<string> before = [];
        await using (var first = await StartAsync(model, folder))
        {
            version = await first.AskAsync(User, """{"model":"demo","messages":[],"knobs":{"tokensPerSecond":20,"firstTokenMs":0}}""");
            var (reader, reference) = await first.FollowAsync(User, version);
            await Eventually.True(() => reader.Slices.Sum(slice => slice.Frames.Length) >= 3);
            before = [.. reader.Slices.SelectMany(slice => slice.Frames).Select(frame => Backend.Text(frame.ToCore()))];
            GC.KeepAlive(reference);
        }

        var calls = model.Figures.Calls;
        await using var second = await StartAsync(model, folder);
        var frames = await second.ReadToEndAsync(User, version);

        Assert.Equal("INTERRUPTED", Backend.CodeOf(frames[^1]));
        Assert.Single(frames, frame => frame.IsTerminal);
        Assert.Equal(before, frames.Take(before.Count).Select(Backend.Text));
        Assert.Equal(calls, model.Figures.Calls);
    }

    [Fact]
    public async Task Kill_InMidAnswer_TheNextProcessEndsItWhereEveryReaderSeesItWithoutASecondRun()
    {
        using var folder = new TempFolder();
        using var copy = new TempFolder();
        await using var model = await ModelServer.StartAsync();
        await using var killed = await StartAsync(model, folder);
        var version = await killed.AskAsync(User, """{"model":"demo","messages":[],"knobs":{"tokensPerSecond":20,"firstTokenMs":0}}""");
        var (reader, reference) = await killed.FollowAsync(User, version);
        await Eventually.True(() => reader.Slices.Sum(slice => slice.Frames.Length) >= 3);
        GC.KeepAlive(reference);
        using (var cp = Process.Start("cp", [Path.Combine(folder.Path, "jobs.journal"), copy.Path]))
        {
            await cp.WaitForExitAsync(); // what a killed process leaves; the lock of the living one keeps other .NET readers out
            Assert.Equal(0, cp.ExitCode);
        }

        await using var next = await StartAsync(model, copy);
        var frames = await next.ReadToEndAsync(User, version);

        Assert.Equal("INTERRUPTED", Backend.CodeOf(Assert.Single(frames)));
        Assert.True((await next.Grain(User).Find(version))!.Frames > 1000);
        Assert.Equal(1, model.Figures.Calls);
    }

    [Fact]
    public async Task Stop_AnswerEndsWithinTheDrain_IsWholeInTheNextProcess()
    {
        using var folder = new TempFolder();
        await using var model = await ModelServer.StartAsync();
        long version;
        await using (var first = await StartAsync(model, folder, drainSeconds: 10))
        {
            version = await first.AskAsync(User, """{"model":"demo","messages":[],"knobs":{"tokensPerSecond":40,"firstTokenMs":0,"tokens":20}}""");
            await Eventually.True(() => model.Figures.Active == 1);
        }

        await using var second = await StartAsync(model, folder);
        var frames = await second.ReadToEndAsync(User, version);

        Assert.Equal(FrameKind.Stop, frames[^1].Kind);
        Assert.Equal(23, frames.Count);
        Assert.Equal(1, model.Figures.Calls);
    }

    private static Task<Backend> StartAsync(ModelServer model, TempFolder folder, double drainSeconds = 0) =>
        Backend.StartAsync(model, "--data", folder.Path, $"--Streams:DrainSeconds={drainSeconds}");
}
