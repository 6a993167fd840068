using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fairway.Sse;

/// <summary>One bare connection that reads server-sent events, so that the reader costs little beside the server.</summary>
internal sealed class SseSocket : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[2048];
    private readonly byte[] _line = new byte[512];
    private readonly byte[] _framing = new byte[512];
    private readonly Action<ReadOnlySpan<byte>>? _onLine;
    private int _lineLength;
    private int _framingLength;
    private State _state = State.Head;
    private bool _isChunked;
    private int _chunkLeft;

    private SseSocket(Action<ReadOnlySpan<byte>>? onLine) => _onLine = onLine;

    private enum State
    {
        Head,
        ChunkSize,
        Body,
        ChunkEnd,
    }

    public int Status { get; private set; }

    /// <summary>Completes when the response's head is here.</summary>
    public TaskCompletionSource Began { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the connection ended.</summary>
    public Task Reading { get; private set; } = Task.CompletedTask;

    /// <summary>Sends a request, and hands every line of the body on as it comes.</summary>
    /// <param name="onLine">Null reads nothing but the head.</param>
    public static async Task<SseSocket> OpenAsync(Uri url, string request, Action<ReadOnlySpan<byte>>? onLine)
    {
        var reader = new SseSocket(onLine);
        await reader._socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, url.Port));
        await reader._socket.SendAsync(Encoding.ASCII.GetBytes(request));
        reader.Reading = reader.ReadAsync();
        await reader.Began.Task;
        return reader.Status == 200 ? reader : throw new InvalidOperationException($"{url} answered {reader.Status}");
    }

    /// <summary>The head of a GET with as few headers as a server takes.</summary>
    public static string Get(Uri url, string path, string? token = null, string more = "") =>
        $"GET {path} HTTP/1.1\r\nHost: {url.Authority}\r\n{(token is null ? "" : $"Authorization: Bearer {token}\r\n")}Accept: text/event-stream\r\n{more}\r\n";

    /// <summary>Resets the connection.</summary>
    public void Cut()
    {
        _socket.LingerState = new LingerOption(true, 0);
        _socket.Dispose();
    }

    public void Dispose() => _socket.Dispose();

    private async Task ReadAsync()
    {
        try
        {
            while (await _socket.ReceiveAsync(_buffer) is > 0 and var read)
            {
                Take(_buffer.AsSpan(0, read));
                if (_onLine is null && _state != State.Head)
                {
                    return;
                }
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // cut, from here or there
        }

        Began.TrySetResult();
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            if (_state == State.Body)
            {
                if (_isChunked && --_chunkLeft == 0)
                {
                    _state = State.ChunkEnd;
                }

                Add(value);
            }
            else if (value == '\n')
            {
                EndOfFraming(_framing.AsSpan(0, Math.Min(_framingLength, _framing.Length)));
            }
            else if (value != '\r')
            {
                _framing[Math.Min(_framingLength++, _framing.Length - 1)] = value;
            }
        }
    }

    private void Add(byte value)
    {
        if (value != '\n')
        {
            _line[Math.Min(_lineLength++, _line.Length - 1)] = value;
            return;
        }

        if (_lineLength > 0)
        {
            _onLine?.Invoke(_line.AsSpan(0, Math.Min(_lineLength, _line.Length)));
        }

        _lineLength = 0;
    }

    private void EndOfFraming(ReadOnlySpan<byte> line)
    {
        _framingLength = 0;
        switch (_state)
        {
            case State.Head when line.IsEmpty:
                _state = _isChunked ? State.ChunkSize : State.Body;
                Began.TrySetResult();
                break;
            case State.Head when Status == 0:
                Status = int.Parse(line.Slice(9, 3), CultureInfo.InvariantCulture);
                break;
            case State.Head:
                _isChunked |= Encoding.ASCII.GetString(line).Equals("Transfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase);
                break;
            case State.ChunkSize:
                _chunkLeft = int.Parse(line, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                _state = _chunkLeft > 0 ? State.Body : State.ChunkEnd;
                break;
            case State.ChunkEnd:
                _state = State.ChunkSize;
                break;
        }
    }
}
