using System.Net;
using System.Text;

namespace Fairway.Gateway.Tests.Streams;

/// <summary>One frame as a reader got it.</summary>
public sealed record Received(string Event, string Id, string Data)
{
    public int Offset => int.Parse(Id[(Id.IndexOf(':') + 1)..], System.Globalization.CultureInfo.InvariantCulture);

    public bool IsTerminal => Event != "delta";
}

/// <summary>Reads server-sent events as an EventSource does: a frame counts only once its blank line is there.</summary>
public sealed class SseParser
{
    private readonly MemoryStream _pending = new();

    public List<Received> Frames { get; } = [];

    /// <summary>Milliseconds of the last <c>retry:</c>.</summary>
    public int? Retry { get; private set; }

    public int Comments { get; private set; }

    public string? LastId => Frames.Count > 0 ? Frames[^1].Id : null;

    public bool HasEnded => Frames.Count > 0 && Frames[^1].IsTerminal;

    /// <summary>Goes on with what another connection brought.</summary>
    public void Take(SseParser next)
    {
        Frames.AddRange(next.Frames);
        Retry = next.Retry ?? Retry;
    }

    public void Feed(ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            _pending.WriteByte(value);
            if (value == '\n' && _pending.Length >= 2 && _pending.GetBuffer()[_pending.Length - 2] == '\n')
            {
                Block(Encoding.UTF8.GetString(_pending.GetBuffer(), 0, (int)_pending.Length - 2));
                _pending.SetLength(0);
            }
        }
    }

    private void Block(string block)
    {
        if (block == ":")
        {
            Comments++;
            return;
        }

        var fields = block.Split('\n').Select(line => line.Split(": ", 2)).ToArray();
        if (fields is [["retry", var retry]])
        {
            Retry = int.Parse(retry, System.Globalization.CultureInfo.InvariantCulture);
            return;
        }

        Assert.Equal(["event", "id", "data"], fields.Select(field => field[0]));
        Frames.Add(new Received(fields[0][1], fields[1][1], fields[2][1]));
    }
}

/// <summary>A connection that follows a stream.</summary>
public sealed class SseConnection(HttpResponseMessage response) : IDisposable
{
    private readonly byte[] _buffer = new byte[16 * 1024];
    private Stream? _body;

    public SseParser Parser { get; } = new();

    public HttpResponseMessage Response => response;

    public HttpStatusCode Status => response.StatusCode;

    /// <summary>Reads until <paramref name="until"/> holds or the response ends; returns whether it holds.</summary>
    public async Task<bool> ReadAsync(Func<SseParser, bool> until)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        _body ??= await response.Content.ReadAsStreamAsync(limit.Token);
        while (!until(Parser))
        {
            var read = await _body.ReadAsync(_buffer, limit.Token);
            if (read == 0)
            {
                return until(Parser);
            }

            Parser.Feed(_buffer.AsSpan(0, read));
        }

        return true;
    }

    /// <summary>Reads to the end of the response.</summary>
    public async Task<IReadOnlyList<Received>> ReadAllAsync()
    {
        await ReadAsync(_ => false);
        return Parser.Frames;
    }

    public void Dispose() => response.Dispose();
}
