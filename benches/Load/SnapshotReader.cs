using System.Diagnostics;
using System.Text;

namespace Fairway.Load;

/// <summary>One edge: long-polls the snapshot and looks in each answer for one instance's state, without reading the rest.</summary>
internal sealed class SnapshotReader(HttpClient http)
{
    private readonly Lock _gate = new();
    private Expected? _expected;
    private byte[] _buffer = new byte[1 << 20];
    private long _answers;
    private long _bytes;

    public long Answers => Volatile.Read(ref _answers);

    public long AnswerBytes => Volatile.Read(ref _bytes);

    /// <summary>Milliseconds from <paramref name="since"/> to the whole answer that shows the instance in that state.</summary>
    public Task<double> Expect(string id, string state, long since)
    {
        var expected = new Expected(Encoding.UTF8.GetBytes($"\"id\":\"{id}\""), Encoding.UTF8.GetBytes($"\"state\":\"{state}\""), since);
        lock (_gate)
        {
            _expected = expected;
        }

        return expected.Seen.Task;
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        string? version = null;
        while (!cancellation.IsCancellationRequested)
        {
            var path = version is null ? "/v1/edge/snapshot" : $"/v1/edge/snapshot?since={version}&wait=30s";
            using var response = await http.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (!response.IsSuccessStatusCode)
            {
                continue; // 304: no news
            }

            var length = await ReadAsync(response, cancellation);
            var arrived = Stopwatch.GetTimestamp();
            version = Value(_buffer.AsSpan(0, length), "\"version\":\""u8);
            Look(_buffer.AsSpan(0, length), arrived);
            Interlocked.Increment(ref _answers);
            Interlocked.Add(ref _bytes, length);
        }
    }

    private static string Value(ReadOnlySpan<byte> document, ReadOnlySpan<byte> name)
    {
        var rest = document[(document.IndexOf(name) + name.Length)..];
        return Encoding.UTF8.GetString(rest[..rest.IndexOf((byte)'"')]);
    }

    private async Task<int> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        var length = 0;
        while (true)
        {
            if (length == _buffer.Length)
            {
                Array.Resize(ref _buffer, 2 * length);
            }

            var read = await body.ReadAsync(_buffer.AsMemory(length), cancellation);
            if (read == 0)
            {
                return length;
            }

            length += read;
        }
    }

    private void Look(ReadOnlySpan<byte> document, long arrived)
    {
        Expected? expected;
        lock (_gate)
        {
            expected = _expected;
        }

        if (expected is null || document.IndexOf(expected.Id) is not (>= 0 and var at))
        {
            return;
        }

        var rest = document[at..];
        var state = rest.IndexOf("\"state\":\""u8);
        if (state >= 0 && rest[state..].StartsWith(expected.State))
        {
            expected.Seen.TrySetResult(Stopwatch.GetElapsedTime(expected.Since, arrived).TotalMilliseconds);
        }
    }

    private sealed record Expected(byte[] Id, byte[] State, long Since)
    {
        public TaskCompletionSource<double> Seen { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
