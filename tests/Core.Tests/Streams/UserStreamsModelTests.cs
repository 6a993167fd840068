using System.Text;
using Fairway.Core.Streams;
using Fairway.Testing;

namespace Fairway.Core.Tests.Streams;

/// <summary>
/// Random interleavings of workers, readers and users, held against a naive log: all that every worker ever brought, in
/// order. A reader that only remembers its position must end with a prefix of that log and one terminal.
/// </summary>
public sealed class UserStreamsModelTests
{
    private static readonly int Rounds = Environment.GetEnvironmentVariable("FAIRWAY_SOAK") is null ? 2_000 : 100_000;

    [Fact]
    public void RandomInterleavings_EachReader_SeesItsLogOnceInOrderAndOneTerminal()
    {
        for (var seed = 0; seed < Rounds; seed++)
        {
            new Run(seed).Play();
        }
    }

    private sealed class Run(int seed)
    {
        private static readonly StreamLimits Limits = new() { MaxConversations = 3 };
        private static readonly string[] Conversations = ["c0", "c1", "c2", "c3", "~call", "~response-1", "~stress-c0"];

        private readonly Random _random = new(seed);
        private readonly ManualClock _clock = new();
        private readonly List<StreamEffect> _effects = [];
        private readonly Dictionary<long, Worker> _workers = [];
        private readonly List<Reader> _readers = [];
        private readonly HashSet<long> _written = [];
        private UserStreams? _streams;

        public void Play()
        {
            _streams = new UserStreams(Limits, _clock);
            for (var step = 0; step < 60; step++)
            {
                Step();
                Check();
            }
        }

        private void Step()
        {
            switch (_random.Next(12))
            {
                case 0: Open(); break;
                case 1 or 2 or 3: Pick(_workers.Values)?.Bring(_streams!, _random, _effects); break;
                case 4 or 5: Pick(_readers)?.Pull(_streams!); break;
                case 6: _readers.Add(new Reader(Pick(_workers.Keys))); break;
                case 7: Acknowledge(Pick(_workers.Keys)); break;
                case 8: _streams!.Stop(Pick(_workers.Keys), _effects); break;
                case 9: _streams = new UserStreams(Limits, _clock, _streams!.Save(), TimeSpan.Zero); break;
                case 10 when _random.Next(3) == 0: _streams!.Interrupt(Pick(_workers.Keys), _effects); break;
                case 10 when _random.Next(3) == 0: _streams!.Withdraw(Pick(_workers.Keys), _effects); break;
                default:
                    _clock.Advance(TimeSpan.FromSeconds(_random.Next(40)));
                    _streams!.Tick(_effects);
                    break;
            }
        }

        private void Open()
        {
            var opened = _streams!.Open(Conversations[_random.Next(Conversations.Length)], default, _effects);
            if (opened.IsAdmitted)
            {
                Assert.True(_workers.Keys.All(version => version < opened.Version), $"seed {seed}: versions grow");
                _workers.Add(opened.Version, new Worker(opened.Version));
            }
        }

        private void Acknowledge(long version)
        {
            var history = _streams!.BeforeAcknowledge(version);
            if (_streams.Acknowledge(version, _effects) == AckResult.Acknowledged && history is not null)
            {
                Assert.True(_written.Add(version), $"seed {seed}: history once");
                var deltas = history.Frames.Where(frame => !frame.IsTerminal).Select(Text);
                Assert.Equal(_workers[version].Log.Take(history.Frames.Count - 1), deltas);
            }
        }

        private void Check()
        {
            foreach (var reader in _readers)
            {
                reader.Check(_workers.GetValueOrDefault(reader.Version), seed);
            }

            var held = _streams!.Save().Held;
            var counted = held.Where(stream => stream.State != StreamState.Superseded && !ConversationNames.IsRelay(stream.Conversation)).ToArray();
            Assert.Equal(counted.Length, _streams.Conversations);
            Assert.True(counted.Count(stream => !ConversationNames.IsStress(stream.Conversation)) <= 3, $"seed {seed}: bounded");
            Assert.Equal(
                held.Sum(stream => stream.Frames.Where(frame => !frame.IsTerminal).Sum(frame => (long)frame.Data.Length)), _streams.BufferedBytes);
        }

        private T? Pick<T>(IReadOnlyCollection<T> among) => among.Count == 0 ? default : among.ElementAt(_random.Next(among.Count));

        private T? Pick<T>(IEnumerable<T> among) => Pick((IReadOnlyCollection<T>)[.. among]);
    }

    /// <summary>Keeps its whole answer, brings it in pieces, and forgets at times what was stored.</summary>
    private sealed class Worker(long version)
    {
        private int _sent;
        private bool _ended;

        public List<string> Log { get; } = [];

        public void Bring(UserStreams streams, Random random, List<StreamEffect> effects)
        {
            if (_ended)
            {
                return;
            }

            for (var i = random.Next(3); i >= 0; i--)
            {
                Log.Add($"{version}/{Log.Count}");
            }

            var from = random.Next(_sent + 2); // behind: sent again after a lost reply; ahead: a gap
            if (from > Log.Count)
            {
                return;
            }

            List<Frame> frames = [.. Log[from..].Select(text => new Frame(FrameKind.Delta, Encoding.UTF8.GetBytes(text)))];
            if (random.Next(6) == 0)
            {
                frames.Add(Terminals.Done);
            }

            var result = streams.Append(version, 1, from, frames, effects);
            _ended = result.Outcome == AppendOutcome.Ended || (result.Outcome == AppendOutcome.Accepted && frames[^1].IsTerminal);
            _sent = result.Outcome == AppendOutcome.Gap ? result.Expected : Math.Max(_sent, Math.Min(result.Expected, Log.Count));
        }
    }

    /// <summary>Resumes from its position, as EventSource does with its last id.</summary>
    private sealed class Reader(long version)
    {
        private readonly List<Frame> _seen = [];
        private int _next;

        public long Version => version;

        public void Pull(UserStreams streams)
        {
            if (streams.Read(version, _next) is not { } read)
            {
                return;
            }

            streams.MarkRead(version);
            _seen.AddRange(read.Frames);
            _next = read.FirstOffset + read.Frames.Count;
        }

        public void Check(Worker? worker, int seed)
        {
            var deltas = _seen.Where(frame => !frame.IsTerminal).Select(Text).ToArray();
            Assert.Equal(worker?.Log.Take(deltas.Length) ?? [], deltas);
            Assert.True(_seen.Count(frame => frame.IsTerminal) <= 1, $"seed {seed}: one terminal");
            Assert.True(_seen.Count == 0 || _seen.SkipLast(1).All(frame => !frame.IsTerminal), $"seed {seed}: nothing after it");
        }
    }

    private static string Text(Frame frame) => Encoding.UTF8.GetString(frame.Data.Span);
}
