using Fairway.Core.Lanes;
using Fairway.Core.Streams;
using Fairway.Gateway.Jobs;
using Fairway.GrainInterfaces.Streams;
using Fairway.Grains.Streams;
using Fairway.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Tests.Jobs;

[Trait("Engine", "any")]
public sealed class JobQueueTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualClock _clock = new();

    [Fact]
    public async Task Reopen_UndoneJobs_AreDeliveredAgainInOrderWithAHigherAttempt()
    {
        await using (var queue = Open())
        {
            await EnqueueAsync(queue, 1, 2, 3, 4);
            var first = await NextAsync(queue);
            Assert.Equal((1, 1, false), (first.Version, first.Attempt, first.MayHaveStored));
            await queue.MarkFirstFrameAsync(await NextAsync(queue));
            await queue.CompleteAsync(await NextAsync(queue));
        }

        await using var again = Open();
        Assert.Equal(3, again.Waiting);
        StreamJob[] jobs = [await NextAsync(again), await NextAsync(again), await NextAsync(again)];
        Assert.Equal([(1, 2, false), (2, 2, true), (4, 2, false)], jobs.Select(job => (job.Version, job.Attempt, job.MayHaveStored)));
        Assert.Equal("request 4"u8.ToArray(), jobs[2].Request.Bytes);
        Assert.Equal("main", jobs[2].Conversation);
    }

    [Fact]
    public async Task Find_JobThatIsNotDone_IsFoundByItsUserWhetherItWaitsOrRuns()
    {
        await using var queue = Open();
        await EnqueueAsync(queue, 1);
        Assert.Equal(1, (await queue.FindAsync("me", 1))?.Version);
        Assert.Null(await queue.FindAsync("another", 1));
        var job = await NextAsync(queue);
        Assert.Equal(job, await queue.FindAsync("me", 1));

        await queue.CompleteAsync(job);

        Assert.Null(await queue.FindAsync("me", 1));
    }

    [Fact]
    public async Task Reopen_LabelledJob_KeepsItsLabel()
    {
        var label = LabelText.Write(Label.Of("blue", stress: true, "10.0.0.1:80"));
        await using (var queue = Open())
        {
            await queue.EnqueueAsync(queue.TryAdmit("blue")!, Job(1) with { Label = label });
            await EnqueueAsync(queue, 2);
            Assert.Equal(label, (await NextAsync(queue)).Label);
        }

        await using var again = Open();
        Assert.Equal(label, (await NextAsync(again)).Label);
        Assert.Null((await NextAsync(again)).Label);
    }

    [Fact]
    public async Task Abandon_ThenReopen_AttemptsNeverRepeat()
    {
        await using (var queue = Open())
        {
            await EnqueueAsync(queue, 1);
            await queue.AbandonAsync(await NextAsync(queue));
            var second = await NextAsync(queue);
            Assert.Equal((2, false), (second.Attempt, second.MayHaveStored));
            await queue.MarkFirstFrameAsync(second);
            await queue.AbandonAsync(second);
            var third = await NextAsync(queue);
            Assert.Equal((3, true), (third.Attempt, third.MayHaveStored));
        }

        await using var again = Open();
        var after = await NextAsync(again);
        Assert.Equal((4, true), (after.Attempt, after.MayHaveStored));
    }

    [Fact]
    public async Task Reopen_TornTail_KeepsWhatWasAccepted()
    {
        await using (var queue = Open())
        {
            await EnqueueAsync(queue, 1, 2);
        }

        var bytes = await File.ReadAllBytesAsync(FilePath);
        await File.WriteAllBytesAsync(FilePath, bytes[..^1]);

        await using var again = Open();
        Assert.Equal(1, again.Waiting);
        Assert.Equal(1, (await NextAsync(again)).Version);
    }

    [Fact]
    public async Task Reopen_LongAfter_JobsThatNobodyWaitsForAreDropped()
    {
        await using (var queue = Open())
        {
            await EnqueueAsync(queue, 1, 2);
            await queue.MarkFirstFrameAsync(await NextAsync(queue));
        }

        _clock.Advance(TimeSpan.FromSeconds(61));
        await using var again = Open();
        Assert.Equal(1, again.Waiting);
        Assert.True((await NextAsync(again)).MayHaveStored);
    }

    [Fact]
    public async Task Reopen_LongAfter_ResponsesOfTheBackgroundAreStillAsked()
    {
        await using (var queue = Open())
        {
            await queue.EnqueueAsync(queue.TryAdmit()!, Job(1) with { Conversation = ConversationNames.Kept + "1" });
        }

        _clock.Advance(TimeSpan.FromHours(23));
        await using (var again = Open())
        {
            Assert.Equal(1, again.Waiting);
        }

        _clock.Advance(TimeSpan.FromHours(2));
        await using var tooLate = Open();
        Assert.Equal(0, tooLate.Waiting);
    }

    [Fact]
    public async Task Reopen_AnswersThatHadEnded_AreLeftBehindUntilTheyWouldHaveExpired()
    {
        await using (var queue = Open())
        {
            await EnqueueAsync(queue, 1, 2, 3);
            await queue.CompleteAsync(await NextAsync(queue));
            _clock.Advance(TimeSpan.FromSeconds(299));
            await queue.MarkFirstFrameAsync(await NextAsync(queue));
            await queue.CompleteAsync(await NextAsync(queue));
        }

        await using (var again = Open())
        {
            Assert.Equal([(1, true), (2, true), (3, true)], again.TakeLeftBehind().Select(job => (job.Version, job.MayHaveStored)));
            Assert.Empty(again.TakeLeftBehind());
            Assert.Equal(1, again.Waiting);
        }

        _clock.Advance(TimeSpan.FromSeconds(2));
        await using var late = Open();
        Assert.Equal([2, 3], late.TakeLeftBehind().Select(job => job.Version));
    }

    [Fact]
    public async Task TryAdmit_QueueFull_IsRefusedUntilAPlaceIsFree()
    {
        await using var queue = Open(length: 2);
        var unused = queue.TryAdmit()!;
        await EnqueueAsync(queue, 1);

        Assert.Null(queue.TryAdmit());
        unused.Dispose();
        unused.Dispose();
        using (Assert.IsType<JobSlot>(queue.TryAdmit()))
        {
            Assert.Null(queue.TryAdmit());
        }

        await EnqueueAsync(queue, 2);
        Assert.Null(queue.TryAdmit());
        await NextAsync(queue);
        Assert.NotNull(queue.TryAdmit());
    }

    [Fact]
    public async Task Journal_ManyJobsDone_StaysSmallAndForgetsNothing()
    {
        await using (var queue = Open(compactAt: 20_000))
        {
            await ReserveAndEnqueueAsync(queue, "k", "body", 1);
            await queue.CompleteAsync(await NextAsync(queue));
            await EnqueueAsync(queue, 2);
            var kept = await NextAsync(queue);
            await queue.MarkFirstFrameAsync(kept);
            for (var version = 3; version < 3000; version++)
            {
                await EnqueueAsync(queue, version);
                await queue.CompleteAsync(await NextAsync(queue));
                _clock.Advance(TimeSpan.FromSeconds(1)); // what ended longer ago than it may wait for its acknowledgement is forgotten
            }
        }

        Assert.InRange(new FileInfo(FilePath).Length, 1, 40_000);
        await using var again = Open();
        Assert.Equal(1, again.Waiting);
        var job = await NextAsync(again);
        Assert.Equal((2, 2, true), (job.Version, job.Attempt, job.MayHaveStored));
        Assert.Equal(IdempotencyOutcome.Replay, (await ReserveAsync(again, "k", "body")).Outcome);
    }

    [Fact]
    public async Task Reserve_Again_SameBodyReplaysOtherBodyConflictsOtherUserIsNew()
    {
        await using (var queue = Open())
        {
            await ReserveAndEnqueueAsync(queue, "k", "body", 7);
            await CheckAsync(queue);
        }

        await using var again = Open();
        await CheckAsync(again);

        async Task CheckAsync(JobQueue queue)
        {
            var replay = await ReserveAsync(queue, "k", "body");
            Assert.Equal((IdempotencyOutcome.Replay, 7L), (replay.Outcome, replay.Version));
            Assert.Equal(IdempotencyOutcome.Conflict, (await ReserveAsync(queue, "k", "other")).Outcome);
            var stranger = await ReserveAsync(queue, "k", "body", "you");
            Assert.Equal(IdempotencyOutcome.Reserved, stranger.Outcome);
            stranger.Reservation!.Dispose();
        }
    }

    [Fact]
    public async Task Reserve_Simultaneous_OthersWaitForTheFirst()
    {
        await using var queue = Open();
        var first = await ReserveAsync(queue, "k", "body");
        var others = Enumerable.Range(0, 20).Select(_ => ReserveAsync(queue, "k", "body")).ToArray();
        Assert.All(others, other => Assert.False(other.IsCompleted));

        await queue.EnqueueAsync(queue.TryAdmit()!, Job(9), first.Reservation);

        Assert.All(await Task.WhenAll(others), other => Assert.Equal((IdempotencyOutcome.Replay, 9L), (other.Outcome, other.Version)));
        Assert.Equal(1, queue.Waiting);
    }

    [Fact]
    public async Task Reserve_TheFirstIsRefused_ExactlyOneOtherTakesItsPlace()
    {
        await using var queue = Open();
        var first = await ReserveAsync(queue, "k", "bad");
        var others = Enumerable.Range(0, 5).Select(_ => ReserveAsync(queue, "k", "good")).ToList();

        first.Reservation!.Dispose();

        var second = await await Task.WhenAny(others);
        Assert.Equal(IdempotencyOutcome.Reserved, second.Outcome);
        await queue.EnqueueAsync(queue.TryAdmit()!, Job(9), second.Reservation);
        Assert.Equal(4, (await Task.WhenAll(others)).Count(other => other.Outcome == IdempotencyOutcome.Replay));
    }

    [Fact]
    public async Task Reserve_ADayLater_IsNew()
    {
        await using (var queue = Open())
        {
            await ReserveAndEnqueueAsync(queue, "k", "body", 7);
            _clock.Advance(TimeSpan.FromHours(24) + TimeSpan.FromSeconds(1));
            var late = await ReserveAsync(queue, "k", "other");
            Assert.Equal(IdempotencyOutcome.Reserved, late.Outcome);
            late.Reservation!.Dispose();
        }

        await using var again = Open();
        Assert.Equal(IdempotencyOutcome.Reserved, (await ReserveAsync(again, "k", "other")).Outcome);
    }

    public void Dispose() => _folder.Dispose();

    private string FilePath => Path.Combine(_folder.Path, "jobs.journal");

    private static StreamJob Job(long version) =>
        new("me", version, "main", 1, StreamBytes.From(System.Text.Encoding.UTF8.GetBytes($"request {version}")), false);

    private static async Task EnqueueAsync(JobQueue queue, params long[] versions)
    {
        foreach (var version in versions)
        {
            await queue.EnqueueAsync(queue.TryAdmit()!, Job(version));
        }
    }

    private static async Task ReserveAndEnqueueAsync(JobQueue queue, string key, string body, long version)
    {
        var reserved = await ReserveAsync(queue, key, body);
        Assert.Equal(IdempotencyOutcome.Reserved, reserved.Outcome);
        await queue.EnqueueAsync(queue.TryAdmit()!, Job(version), reserved.Reservation);
    }

    private static Task<IdempotencyResult> ReserveAsync(JobQueue queue, string key, string body, string user = "me") =>
        queue.ReserveAsync(user, key, System.Text.Encoding.UTF8.GetBytes(body), CancellationToken.None);

    private static async Task<StreamJob> NextAsync(JobQueue queue)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        return await queue.DequeueAsync(limit.Token);
    }

    private JobQueue Open(int length = 5000, long compactAt = 4 << 20) => new(
        FilePath, Options.Create(new JobOptions { QueueLength = length }), Options.Create(new StreamOptions()), _clock,
        NullLogger<JobQueue>.Instance, compactAt);
}
