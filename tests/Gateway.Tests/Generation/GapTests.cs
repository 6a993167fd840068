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
    private readonly List<StreamSlice> _shown = [];

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
        var (calls, grain) = ForgetfulGrain.Create(isAwayFirst);
        var job = new StreamJob("gaps", 1, "main", 1, StreamBytes.From("""{"model":"raw"}"""u8.ToArray()), false);

        await Generation(job, calls).RunAsync(CancellationToken.None);

        Assert.True(grain.Gaps > 0);
        Assert.Equal(41, grain.Frames.Count);
        Assert.Equal(
            Enumerable.Range(0, 40).Select(i => $"{{\"choices\":[],\"i\":{i}}}").Append("""{"reason":"stop"}"""), grain.Frames.Select(Backend.Text));

        // Each once and in order, whatever replies were lost; what is stored together with the end, the grain tells to everybody.
        var shown = _shown.SelectMany(slice => Enumerable.Range(slice.FirstOffset, slice.Frames.Length)).ToArray();
        Assert.InRange(shown.Length, 5, 40);
        Assert.Equal(Enumerable.Range(0, shown.Length), shown);
        Assert.Equal(grain.Frames.Take(shown.Length).Select(Backend.Text), _shown.SelectMany(slice => slice.Frames).Select(frame => Backend.Text(frame.ToCore())));
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
        var (calls, grain) = ForgetfulGrain.Create(isAwayFirst: false);
        grain.IsFencing = true;
        var job = new StreamJob("fenced", 1, "main", 1, StreamBytes.From("""{"model":"raw"}"""u8.ToArray()), false);

        await Generation(job, calls).RunAsync(CancellationToken.None);

        await closed.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Empty(grain.Frames);
    }

    private Fairway.Gateway.Generation.Generation Generation(StreamJob job, IUserStreamGrain grain)
    {
        var services = fixture.Backend.Gateway.Services;
        return new Fairway.Gateway.Generation.Generation(
            job, grain, new Nobody(), services.GetRequiredService<IJobQueue>(), services.GetRequiredService<UpstreamModel>(), ForgetfulGrain.Gateway,
            _shown.Add, 1 << 20, services.GetRequiredService<GenerationMetrics>(), TimeProvider.System, NullLogger.Instance);
    }

    private sealed class Nobody : IGenerationCanceller
    {
        public Task Cancel(string user, long version) => Task.CompletedTask;
    }
}
