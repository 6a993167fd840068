using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Fairway.Testing;

namespace Fairway.Gateway.Tests.Streams;

/// <summary>Readers that take little or nothing: they cost little, delay nobody, and are gone in time.</summary>
public sealed class ReaderBoundsTests
{
    private const string Readers = "fairway_gateway_stream_readers";
    private const string Cut = "fairway_gateway_stream_readers_cut_total";

    [Fact]
    public async Task Reader_OneByteASecond_DelaysNobodyIsCutAndMayResume()
    {
        await using var host = await StreamHost.StartAsync();
        var user = host.NewUser();
        var version = await user.AskAsync("tides", """{"tokens":4000,"tokensPerSecond":2000}"""); // some 850 KiB in 2 s
        using var slow = await RawReader.OpenAsync(host, user, version, receiveBuffer: 4096);
        using var fast = await user.FollowAsync(version);
        var reading = fast.ReadAllAsync();
        var got = new MemoryStream();
        while (!reading.IsCompleted)
        {
            got.WriteByte(await slow.ReadByteAsync());
            await Task.WhenAny(reading, Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System));
        }

        EventsTests.AssertWhole(await reading, version, 0);
        await Eventually.TrueAsync(async () => await host.MetricAsync(Cut) == 1);
        var rest = await slow.ReadToEndAsync(); // what was under way when it was cut
        Assert.InRange(rest.Length, 1, 256 * 1024);
        got.Write(rest);

        var parser = new SseParser();
        var bytes = got.ToArray();
        parser.Feed(bytes.AsSpan(bytes.AsSpan().IndexOf("retry:"u8)));
        using var again = await user.FollowAsync(version, parser.LastId);
        await again.ReadAllAsync();
        parser.Take(again.Parser);
        EventsTests.AssertWhole(parser.Frames, version, 0);
    }

    [Fact]
    public async Task Reader_WhosePeerIsGoneWithoutAWord_IsReaped()
    {
        await using var host = await StreamHost.StartAsync("--Streams:HeartbeatSeconds=0.3", "--Streams:DeadReaderSeconds=1", "--Streams:DrainSeconds=0");
        var user = host.NewUser();
        var version = await user.AskAsync("tides", """{"failure":"Stall","after":2}""");
        using var alive = await RawReader.OpenAsync(host, user, version);
        using var gone = await RawReader.OpenAsync(host, user, version);
        await alive.ReadByteAsync();
        await gone.ReadByteAsync();
        Assert.Equal(2, await host.MetricAsync(Readers));

        gone.HearNothing();

        await Eventually.TrueAsync(async () => await host.MetricAsync(Readers) == 1, TimeSpan.FromSeconds(30));
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
        Assert.Equal(1, await host.MetricAsync(Readers)); // who answers stays, however long the model is silent
    }

    [Fact]
    public async Task Readers_TwoThousandOfOneUser_AllGetAllOfIt()
    {
        await using var host = await StreamHost.StartAsync();
        var user = host.NewUser();
        var version = await user.AskAsync("tides", """{"failure":"Stall","after":5}""");
        var connections = new List<SseConnection>();
        foreach (var batch in Enumerable.Range(0, 2000).Chunk(100))
        {
            connections.AddRange(await Task.WhenAll(batch.Select(_ => user.FollowAsync(version))));
        }

        await Task.WhenAll(connections.Select(connection => connection.ReadAsync(parser => parser.Frames.Count == 5)));
        Assert.Equal(2000, await host.MetricAsync(Readers));
        await user.SendAsync(HttpMethod.Delete, $"/v1/streams/{version}");
        await Task.WhenAll(connections.Select(connection => connection.ReadAllAsync()));
        Assert.All(connections, connection => EventsTests.AssertWhole(connection.Parser.Frames, version, 0));
        connections.ForEach(connection => connection.Dispose());
        await Eventually.TrueAsync(async () => await host.MetricAsync(Readers) == 0);
    }

    /// <summary>A connection that does what no HTTP client would.</summary>
    private sealed class RawReader : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly byte[] _byte = new byte[1];

        public static async Task<RawReader> OpenAsync(StreamHost host, StreamUser user, string version, int receiveBuffer = 64 * 1024)
        {
            var reader = new RawReader();
            reader._socket.ReceiveBufferSize = receiveBuffer;
            await reader._socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, host.Gateway.Client.BaseAddress!.Port));
            await reader._socket.SendAsync(Encoding.ASCII.GetBytes(
                $"GET /v1/streams/{version}/events HTTP/1.0\r\nAuthorization: Bearer {user.Token}\r\n\r\n"));
            return reader;
        }

        public async Task<byte> ReadByteAsync() => await _socket.ReceiveAsync(_byte) == 1 ? _byte[0] : throw new EndOfStreamException();

        /// <summary>What comes until the connection is closed or reset.</summary>
        public async Task<byte[]> ReadToEndAsync()
        {
            var bytes = new MemoryStream();
            var buffer = new byte[64 * 1024];
            try
            {
                while (await _socket.ReceiveAsync(buffer) is > 0 and var read)
                {
                    bytes.Write(buffer, 0, read);
                }
            }
            catch (SocketException)
            {
                // cut
            }

            return bytes.ToArray();
        }

        /// <summary>From now on the kernel drops each packet for this socket, as if its machine had lost its power: no FIN, no ACK.</summary>
        public void HearNothing()
        {
            const int SolSocket = 1;
            const int AttachFilter = 26;
            byte[] dropAll = [0x06, 0, 0, 0, 0, 0, 0, 0]; // BPF_RET | BPF_K, 0: keep no byte
            var pin = GCHandle.Alloc(dropAll, GCHandleType.Pinned);
            try
            {
                Span<byte> program = stackalloc byte[16]; // struct sock_fprog: a count, and where the filter is
                program.Clear();
                BitConverter.TryWriteBytes(program, (ushort)1);
                BitConverter.TryWriteBytes(program[8..], (long)pin.AddrOfPinnedObject());
                _socket.SetRawSocketOption(SolSocket, AttachFilter, program);
            }
            finally
            {
                pin.Free();
            }
        }

        public void Dispose() => _socket.Dispose();
    }
}
