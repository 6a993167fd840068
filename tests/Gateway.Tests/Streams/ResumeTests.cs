using System.Net;
using Fairway.Testing;

namespace Fairway.Gateway.Tests.Streams;

/// <summary>Answers cut at random bytes and resumed, many at once, and Gateways that stop under their readers.</summary>
public sealed class ResumeTests
{
    private static readonly int Answers = Environment.GetEnvironmentVariable("FAIRWAY_SOAK") is { Length: > 0 } ? 10_000 : 1_000;

    [Fact]
    public async Task Cut_AtRandomBytes_EveryAnswerIsWholeOnce()
    {
        await using var host = await StreamHost.StartAsync("--Streams:MaxConcurrent=32", "--Streams:QueueLength=1000");
        var errors = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, Answers), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (index, _) =>
        {
            var random = new Random(index);
            var user = host.User($"user-{index % 50}"); // 50 users: no two answers of one conversation at a time
            var version = await user.AskAsync($"question {index}", $$"""{"tokens":{{random.Next(1, 60)}}}""", $"c{index / 50 % 8}");
            var parser = await FollowWithCutsAsync(host, user, version, random);
            EventsTests.AssertWhole(parser.Frames, version, 0);
            Interlocked.Add(ref errors, parser.Frames[^1].Event == "stop" ? 0 : 1);
            Assert.Equal(HttpStatusCode.NoContent, (await user.AcknowledgeAsync(version)).Status);
        });
        Assert.Equal(0, errors);
    }

    [Fact]
    public async Task Stop_GracefullyUnderReaders_AllResumeWhole()
    {
        await using var host = await StreamHost.StartAsync("--Streams:ReaderDrainSeconds=0.5");
        var readers = Enumerable.Range(0, 40).Select(index => (Subject: $"user-{index % 8}", Parser: new SseParser())).ToArray();
        var versions = new Dictionary<string, string>();
        foreach (var subject in readers.Select(reader => reader.Subject).Distinct())
        {
            versions[subject] = await host.User(subject).AskAsync("tides", """{"tokens":150,"tokensPerSecond":100}""");
        }

        var first = readers.Select(async reader =>
        {
            using var connection = await host.User(reader.Subject).FollowAsync(versions[reader.Subject]);
            await connection.ReadAsync(parser => parser.Frames.Count >= 10);
            await connection.ReadAsync(_ => false);
            reader.Parser.Take(connection.Parser);
        }).ToArray();
        await Eventually.TrueAsync(async () => await host.User("user-0").StateAsync(versions["user-0"]) == "streaming");
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

    /// <summary>Reads as an EventSource over a bad line: whole blocks count, the rest of a cut one is thrown away.</summary>
    private static async Task<SseParser> FollowWithCutsAsync(StreamHost host, StreamUser user, string version, Random random)
    {
        var whole = new SseParser();
        for (var connection = 0; !whole.HasEnded; connection++)
        {
            Assert.True(connection < 100, "the answer does not come to its end");
            var left = connection < 4 ? random.Next(0, 6000) : int.MaxValue;
            using var reader = await user.FollowAsync(version, whole.LastId);
            Assert.True(reader.Status == HttpStatusCode.OK, $"{reader.Status} for {whole.LastId}: {host.Gateway.Log}");
            await using var body = await reader.Response.Content.ReadAsStreamAsync();
            var part = new SseParser();
            var buffer = new byte[1024];
            while (left > 0 && await body.ReadAsync(buffer.AsMemory(0, Math.Min(left, buffer.Length))) is > 0 and var read)
            {
                part.Feed(buffer.AsSpan(0, read));
                left -= read;
            }

            whole.Take(part);
        }

        return whole;
    }
}
