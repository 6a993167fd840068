using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using Fairway.Report;

namespace Fairway.Sse;

/// <summary><c>./bench storm</c>: readers that are all cut at once come back at once, each with its position.</summary>
internal static class StormBench
{
    private const int Readers = 5000;
    private const int Streams = 50;
    private const int FramesBefore = 40;
    private const int FramesWhileAway = 10;

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        var rounds = arguments.Number("--rounds", Rounds.Least);
        await using var feed = await Feed.StartAsync();
        await using var gateway = await StreamGateway.StartAsync(feed);
        var tokens = Enumerable.Range(0, Streams).Select(index => StreamGateway.Token($"storm-{index}")).ToArray();
        var paths = await Many.OfAsync(Streams, index => gateway.AskAsync(tokens[index], index));
        while (feed.Open < Streams)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }

        var readers = Enumerable.Range(0, Readers).Select(index => new Reader(gateway.Url, paths[index % Streams], tokens[index % Streams])).ToArray();
        Send(feed, FramesBefore);
        var sent = FramesBefore;
        await ConnectAsync(readers, sent);
        var calls = await gateway.MetricAsync("fairway_model_calls_total");
        var times = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            foreach (var reader in readers)
            {
                reader.Cut();
            }

            Send(feed, FramesWhileAway);
            sent += FramesWhileAway;
            var began = Stopwatch.GetTimestamp();
            await ConnectAsync(readers, sent);
            times.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
            await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"all back in {times[^1]:0.00} s"));
        }

        var more = await gateway.MetricAsync("fairway_model_calls_total") - calls;
        var gaps = readers.Count(reader => reader.HasGap);
        var report = new BenchReport("storm");
        report.Add("readers that missed or repeated a frame", gaps, "", Target.AtMost(0), $"{Readers:#,0} readers of {Streams} streams, cut {rounds} times");
        report.Add("model calls for it", more, "", Target.AtMost(0), $"{calls:0} before, {feed.Calls} at the model");
        report.Add("until the last is back and has what it missed", Rounds.Median(times), " s", null, $"{times.Min():0.00} to {times.Max():0.00} s; the client shares the processors");
        return report.Print(Console.Out);
    }

    private static void Send(Feed feed, int frames)
    {
        for (var i = 0; i < frames; i++)
        {
            for (var id = 0; id < Streams; id++)
            {
                feed.Send(id, Feed.Chunk());
            }
        }
    }

    private static async Task ConnectAsync(Reader[] readers, int frames)
    {
        await Many.OfAsync(readers.Length, async index =>
        {
            await readers[index].ConnectAsync();
            return 0;
        }, atOnce: 256);
        foreach (var reader in readers)
        {
            await reader.HasAsync(frames).WaitAsync(TimeSpan.FromSeconds(120), TimeProvider.System);
        }
    }

    private sealed class Reader(Uri url, string path, string token)
    {
        private readonly Lock _gate = new();
        private TaskCompletionSource _reached = new();
        private SseSocket? _socket;
        private string? _lastId;
        private int _next;
        private int _wanted = int.MaxValue;

        public bool HasGap { get; private set; }

        public async Task ConnectAsync()
        {
            string? last;
            lock (_gate)
            {
                last = _lastId;
            }

            _socket = await SseSocket.OpenAsync(url, SseSocket.Get(url, path, token, last is null ? "" : $"Last-Event-ID: {last}\r\n"), Take);
        }

        public void Cut()
        {
            lock (_gate)
            {
                _socket?.Cut();
                _socket = null;
            }
        }

        /// <summary>Completes when so many frames have come in all.</summary>
        public Task HasAsync(int frames)
        {
            lock (_gate)
            {
                _wanted = frames;
                _reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                return _next >= frames ? Task.CompletedTask : _reached.Task;
            }
        }

        private void Take(ReadOnlySpan<byte> line)
        {
            if (!line.StartsWith("id: "u8))
            {
                return;
            }

            lock (_gate)
            {
                HasGap |= !Utf8Parser.TryParse(line[(line.LastIndexOf((byte)':') + 1)..], out int offset, out _) || offset != _next;
                _next = offset + 1;
                _lastId = System.Text.Encoding.ASCII.GetString(line[4..]);
                if (_next >= _wanted)
                {
                    _reached.TrySetResult();
                }
            }
        }
    }
}
