using Fairway.Core.Streams;
using Fairway.Gateway.Generation;
using Fairway.Gateway.Jobs;
using Fairway.GrainInterfaces.Streams;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fairway.Gateway.Tests.Generation;

/// <summary>A worker against grains that lose what they held, or cannot be reached for a while.</summary>
public sealed class GapTests(GenerationFixture fixture) : IClassFixture<GenerationFixture>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Append_TheGrainLostItsMemory_TheWholeAnswerIsSentAgain(bool isAwayFirst)
    {
        fixture.Model.Raw = async context =>
        {
            for (var i = 0; i < 40; i++)
            {
                await context.Response.WriteAsync($"data: {{\"choices\":[],\"i\":{i}}}\n\n");
                await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
            }

            await context.Response.WriteAsync("data: [DONE]\n\n");
        };
        var grain = new ForgetfulGrain(isAwayFirst);
        var job = new StreamJob("gaps", 1, "main", 1, StreamBytes.From("""{"model":"raw"}"""u8.ToArray()), false);

        await Generation(job, grain).RunAsync(CancellationToken.None);

        Assert.True(grain.Gaps > 0);
        Assert.Equal(41, grain.Frames.Count);
        Assert.Equal(
            Enumerable.Range(0, 40).Select(i => $"{{\"choices\":[],\"i\":{i}}}").Append("""{"reason":"stop"}"""), grain.Frames.Select(Backend.Text));
    }

    [Fact]
    public async Task Append_AnotherAttemptRuns_TheModelIsLeftAtOnce()
    {
        var closed = new TaskCompletionSource();
        fixture.Model.Raw = async context =>
        {
            context.RequestAborted.Register(() => closed.TrySetResult());
            await ModelServer.Lines("data: {}\n\n")(context);
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        };
        var grain = new ForgetfulGrain(false) { IsFencing = true };
        var job = new StreamJob("fenced", 1, "main", 1, StreamBytes.From("""{"model":"raw"}"""u8.ToArray()), false);

        await Generation(job, grain).RunAsync(CancellationToken.None);

        await closed.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Empty(grain.Frames);
    }

    private Fairway.Gateway.Generation.Generation Generation(StreamJob job, IUserStreamGrain grain)
    {
        var services = fixture.Backend.Gateway.Services;
        return new Fairway.Gateway.Generation.Generation(
            job, grain, new Nobody(), services.GetRequiredService<IJobQueue>(), services.GetRequiredService<UpstreamModel>(), 1 << 20,
            services.GetRequiredService<GenerationMetrics>(), TimeProvider.System, NullLogger.Instance);
    }

    private sealed class Nobody : IGenerationCanceller
    {
        public Task Cancel(string user, long version) => Task.CompletedTask;
    }

    /// <summary>Forgets everything after its fifth append; where it is away first, the sixth fails too.</summary>
    private sealed class ForgetfulGrain(bool isAwayFirst) : IUserStreamGrain
    {
        private int _appends;

        public List<Frame> Frames { get; } = [];

        public int Gaps { get; private set; }

        public bool IsFencing { get; init; }

        public Task<AppendReply> Begin(StreamJob job, IGenerationCanceller canceller) => Task.FromResult(new AppendReply((int)AppendOutcome.Accepted, 0));

        public Task<AppendReply> Append(StreamAppend append, IGenerationCanceller canceller)
        {
            _appends++;
            if (IsFencing)
            {
                return Task.FromResult(new AppendReply((int)AppendOutcome.Fenced, 0));
            }

            if (_appends == 5)
            {
                Frames.Clear();
                return isAwayFirst ? throw new TimeoutException("away") : Reply(append);
            }

            return Reply(append);
        }

        public Task<long> Open(string conversation, StreamBytes request) => throw new NotSupportedException();

        public Task<StreamSlice?> Read(long version, int offset, string gateway, IStreamObserver observer) => throw new NotSupportedException();

        public Task MarkRead(long version) => throw new NotSupportedException();

        public Task<bool> Stop(long version) => throw new NotSupportedException();

        public Task<int> Acknowledge(long version) => throw new NotSupportedException();

        public Task<long> Current(string conversation) => throw new NotSupportedException();

        public Task<StreamSummary?> Find(long version) => throw new NotSupportedException();

        private Task<AppendReply> Reply(StreamAppend append)
        {
            if (append.Offset > Frames.Count)
            {
                Gaps++;
                return Task.FromResult(new AppendReply((int)AppendOutcome.Gap, Frames.Count));
            }

            Frames.AddRange(append.Frames.Skip(Frames.Count - append.Offset).Select(frame => frame.ToCore()));
            return Task.FromResult(new AppendReply((int)AppendOutcome.Accepted, Frames.Count));
        }
    }
}
