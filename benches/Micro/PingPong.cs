using System.Threading.Channels;

namespace Fairway.Micro;

/// <summary>
/// The peer of a grain: one reader of a channel that handles one request after the other, each with a yield, and answers on
/// the caller's own channel. Nothing is looked up, timed, cancelled or allocated per call but what the channels need.
/// </summary>
internal sealed class PingPong : IAsyncDisposable
{
    private readonly Channel<(int Value, ChannelWriter<int> Answer)> _requests =
        Channel.CreateUnbounded<(int, ChannelWriter<int>)>(new UnboundedChannelOptions { SingleReader = true });

    private readonly Task _reader;

    public PingPong() => _reader = Task.Run(ReadAsync);

    public Caller NewCaller() => new(_requests.Writer);

    public async ValueTask DisposeAsync()
    {
        _requests.Writer.Complete();
        await _reader;
    }

    private static async Task<int> Yielding(int value)
    {
        await Task.Yield();
        return value;
    }

    private async Task ReadAsync()
    {
        await foreach (var (value, answer) in _requests.Reader.ReadAllAsync())
        {
            answer.TryWrite(await Yielding(value));
        }
    }

    public sealed class Caller(ChannelWriter<(int Value, ChannelWriter<int> Answer)> requests)
    {
        private readonly Channel<int> _answers = Channel.CreateUnbounded<int>(new UnboundedChannelOptions { SingleReader = true });

        public ValueTask<int> CallAsync(int value)
        {
            requests.TryWrite((value, _answers.Writer));
            return _answers.Reader.ReadAsync();
        }
    }
}
