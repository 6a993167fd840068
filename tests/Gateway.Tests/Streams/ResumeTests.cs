using System.Globalization;
using System.Net;
using System.Text;
using Fairway.Gateway.Jobs;
using Fairway.Gateway.Streams;
using Fairway.GrainInterfaces.Streams;
using Fairway.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Fairway.Gateway.Tests.Streams;

/// <summary>Answers cut at random bytes and resumed, many at once, and Gateways that stop under their readers.</summary>
public sealed class ResumeTests
{
    private static readonly int Answers = Environment.GetEnvironmentVariable("FAIRWAY_SOAK") is { Length: > 0 } ? 10_000 : 1_000;

    /// <summary>A process a connection is dear: every so many answers are read by curl.</summary>
    private const int CurlEvery = 25;

    [Fact]
    public async Task Cut_AtRandomBytes_EveryAnswerIsWholeOnce()
    {
        await using var host = await StreamHost.StartAsync();
        await Parallel.ForEachAsync(Enumerable.Range(0, Answers), new ParallelOptions { MaxDegreeOfParallelism = 48 }, async (index, _) =>
        {
            var random = new Random(index);
            var user = host.User($"user-{index % 100}"); // 100 users: no two answers of one conversation at a time
            var pace = index % 3 == 0 ? 400 : 0; // whole at once, or cut in the making
            var version = await user.AskAsync(
                $"question {index}", $$"""{"tokens":{{random.Next(1, 40)}},"tokensPerSecond":{{pace}}}""", $"c{index / 100 % 8}");
            ICutReader reader = index % CurlEvery == 0 ? new CurlReader(host, user) : index % 2 == 0 ? new EventSourceReader(host, user) : new FetchReader(user);
            var frames = await FollowWithCutsAsync(reader, version, random);
            EventsTests.AssertWhole(frames, version, 0);
            Assert.Equal("stop", frames[^1].Event);
            Assert.Equal(HttpStatusCode.NoContent, (await user.AcknowledgeAsync(version)).Status);
        });
        Assert.Equal(Answers, host.Model.Calls.Calls);
    }

    [Fact]
    public async Task Stop_GracefullyUnderReaders_AllResumeWhole()
    {
        await using var host = await StreamHost.StartAsync("--Streams:ReaderDrainSeconds=0.5", "--Streams:DrainSeconds=25");
        var readers = Enumerable.Range(0, 200).Select(index => (Subject: $"user-{index % 8}", Parser: new SseParser())).ToArray();
        var versions = new Dictionary<string, string>();
        foreach (var subject in readers.Select(reader => reader.Subject).Distinct())
        {
            versions[subject] = await host.User(subject).AskAsync("tides", """{"tokens":600,"tokensPerSecond":100}""");
        }

        using var reading = new CountdownEvent(readers.Length);
        var first = readers.Select(async reader =>
        {
            using var connection = await host.User(reader.Subject).FollowAsync(versions[reader.Subject]);
            await connection.ReadAsync(parser => parser.Frames.Count >= 10);
            reading.Signal();
            await connection.ReadAsync(_ => false);
            reader.Parser.Take(connection.Parser);
        }).ToArray();
        await Eventually.True(() => reading.IsSet); // stopping closes this process's client too: none may still wait for its headers
        await host.StopGatewayAsync();
        await Task.WhenAll(first);
        Assert.Contains(readers, reader => !reader.Parser.HasEnded);
        Assert.All(readers.Where(reader => !reader.Parser.HasEnded), reader => Assert.InRange(reader.Parser.Retry ?? 0, 500, 3000));

        await host.StartGatewayAsync();
        await Task.WhenAll(readers.Where(reader => !reader.Parser.HasEnded).Select(async reader =>
        {
            using var connection = await host.User(reader.Subject).FollowAsync(versions[reader.Subject], reader.Parser.LastId);
            Assert.Equal(HttpStatusCode.OK, connection.Status);
            await connection.ReadAllAsync();
            reader.Parser.Take(connection.Parser);
        }));
        Assert.All(readers, reader => EventsTests.AssertWhole(reader.Parser.Frames, versions[reader.Subject], 0));
        Assert.All(readers, reader => Assert.Equal("stop", reader.Parser.Frames[^1].Event));
    }

    [Fact]
    public async Task Ask_VersionThatItsGrainLostBeforeAnyWorkerHadIt_IsServed()
    {
        await using var host = await StreamHost.StartAsync("--Streams:MaxConcurrent=1");
        var version = await LoseAsync(host, """{"tokens":40,"tokensPerSecond":20}""");
        var name = version.ToString(CultureInfo.InvariantCulture);

        Assert.Equal(HttpStatusCode.Gone, (await host.User("another").SendAsync(HttpMethod.Get, $"/v1/streams/{name}")).Status);
        Assert.Equal("queued", await host.User("lost").StateAsync(name));
        using var reader = await host.User("lost").FollowAsync(name);

        var frames = await reader.ReadAllAsync();
        EventsTests.AssertWhole(frames, name, 0);
        Assert.Equal("stop", frames[^1].Event);
    }

    [Fact]
    public async Task Follow_VersionThatItsGrainLosesBeforeAnyWorkerHasIt_GoesOn()
    {
        await using var host = await StreamHost.StartAsync("--Streams:MaxConcurrent=1", "--Gateway:RenewEvery=00:00:00.5", "--Streams:DrainSeconds=0");
        var version = await LoseAsync(host, """{"tokens":100000,"tokensPerSecond":20}""");
        var stream = host.Gateway.Services.GetRequiredService<StreamHub>().Attach("lost", version, "main"); // as a reader that came before

        await Eventually.True(() => stream.IsSubscribed || stream.IsOver);

        Assert.False(stream.IsOver);
        Assert.Equal(1, host.Model.Calls.Calls);
    }

    /// <summary>Puts a job into the queue that no grain knows of, behind one that keeps the only worker busy, as it stands there when its silo has died.</summary>
    private static async Task<long> LoseAsync(StreamHost host, string before)
    {
        var running = await host.NewUser().AskAsync("tides", before);
        await Eventually.True(() => host.Model.Calls.Active == 1);
        var queue = host.Gateway.Services.GetRequiredService<IJobQueue>();
        var version = long.Parse(running, CultureInfo.InvariantCulture) + 1;
        var request = StreamBytes.From(Encoding.UTF8.GetBytes(StreamUser.Body("tides", """{"tokens":3}""")));
        await queue.EnqueueAsync(queue.TryAdmit()!, new StreamJob("lost", version, "main", 1, request, MayHaveStored: false));
        return version;
    }

    /// <summary>Over a bad line: whole blocks count, the rest of a cut one is thrown away.</summary>
    private static async Task<IReadOnlyList<Received>> FollowWithCutsAsync(ICutReader reader, string version, Random random)
    {
        var whole = new SseParser();
        for (var connection = 0; !whole.HasEnded; connection++)
        {
            Assert.True(connection < 100, $"the answer does not come to its end: {whole.LastId}");
            var part = new SseParser();
            part.Feed(await reader.ReadAsync(version, whole.LastId, connection < 4 ? random.Next(1, 6000) : int.MaxValue));
            whole.Take(part);
        }

        return whole.Frames;
    }
}
