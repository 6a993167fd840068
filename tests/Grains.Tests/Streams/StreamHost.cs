using System.Text;
using Fairway.Core.Streams;
using Fairway.GrainInterfaces.Streams;
using Fairway.Grains.Streams;
using Fairway.Grains.Tests.Hosting;
using Fairway.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Fairway.Grains.Tests.Streams;

/// <summary>A silo on an injected clock, with a history, a state store, a reader and a worker that remember what they were told.</summary>
internal sealed class StreamHost : IAsyncDisposable
{
    public const string User = "someone";

    private readonly DirectoryHost _host;

    private StreamHost(DirectoryHost host, FakeHistory history, FakeStore store)
    {
        (_host, History, Store) = (host, history, store);
        Observer = host.Grains.CreateObjectReference<IStreamObserver>(Reader);
        Canceller = host.Grains.CreateObjectReference<IGenerationCanceller>(Worker);
    }

    public ManualClock Clock => _host.Clock;

    public FakeHistory History { get; }

    public FakeStore Store { get; }

    public ReaderProbe Reader { get; } = new();

    public WorkerProbe Worker { get; } = new();

    public IStreamObserver Observer { get; }

    public IGenerationCanceller Canceller { get; }

    /// <summary>Of subscriptions, see <see cref="IClusterMotion.LeaseFactor"/>.</summary>
    public int LeaseFactor => _host.Services.GetRequiredService<IClusterMotion>().LeaseFactor;

    public IUserStreamGrain Grain => _host.Grains.GetGrain<IUserStreamGrain>(User);

    public static async Task<StreamHost> StartAsync(FakeStore store, long[] history)
    {
        var host = await StartAsync(store);
        host.History.Acknowledged.UnionWith(history);
        return host;
    }

    public static async Task<StreamHost> StartAsync(FakeStore? store = null, ManualClock? clock = null, params (string Key, string Value)[] settings)
    {
        var history = new FakeHistory();
        store ??= new FakeStore();
        return new StreamHost(
            await DirectoryHost.StartAsync(null, clock, null, builder =>
            {
                builder.Configuration.AddInMemoryCollection(settings.Select(entry => KeyValuePair.Create<string, string?>($"Streams:{entry.Key}", entry.Value)));
                builder.Services.AddSingleton<IHistory>(history);
                builder.Services.AddSingleton<IStreamStateStore>(store);
            }),
            history,
            store);
    }

    public Task<long> OpenAsync(string conversation = "main") => Grain.Open(conversation, StreamBytes.From("{}"u8.ToArray()));

    public static StreamJob Job(long version, int attempt = 1, bool mayHaveStored = false, string conversation = "main") =>
        new(User, version, conversation, attempt, StreamBytes.From("{}"u8.ToArray()), mayHaveStored);

    public async Task<AppendOutcome> BeginAsync(StreamJob job) => (AppendOutcome)(await Grain.Begin(job, Canceller)).Outcome;

    public async Task<(AppendOutcome Outcome, int Expected)> AppendAsync(StreamJob job, int offset, params Frame[] frames)
    {
        var reply = await Grain.Append(new StreamAppend(job, offset, [.. frames.Select(FrameWire.From)]), Canceller);
        return ((AppendOutcome)reply.Outcome, reply.Expected);
    }

    /// <summary>Of a worker whose process shows what it stores itself.</summary>
    public Task<AppendReply> AppendOfAsync(string gateway, long version, int offset, params Frame[] frames) =>
        Grain.Append(new StreamAppend(Job(version), offset, [.. frames.Select(FrameWire.From)], gateway), Canceller);

    public async Task<IReadOnlyList<string>?> ReadAsync(long version, int offset = 0, string gateway = "gw-1") =>
        await Grain.Read(version, offset, isRead: false, gateway, Observer) is { } slice
            ? [.. slice.Frames.Select(frame => $"{frame.ToCore().Kind} {Encoding.UTF8.GetString(frame.ToCore().Data.Span)}")]
            : null;

    /// <summary>A version with one delta and its end, read.</summary>
    public async Task<long> AnswerAsync(string conversation = "main")
    {
        var version = await OpenAsync(conversation);
        await AppendAsync(Job(version, conversation: conversation), 0, Delta("a"), Terminals.Done);
        await Grain.MarkRead(version);
        return version;
    }

    public static Frame Delta(string text) => new(FrameKind.Delta, Encoding.UTF8.GetBytes($"\"{text}\""));

    /// <summary>Time passes, and every tick due by then has been taken when this returns.</summary>
    public async Task PassAsync(TimeSpan span)
    {
        Clock.Advance(span);
        await Grain.Current("main");
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}

internal sealed class FakeHistory : IHistory
{
    private readonly Lock _gate = new();

    public List<HistoryEntry> Entries { get; } = [];

    public HashSet<long> Acknowledged { get; } = [];

    public bool IsFailing { get; set; }

    public Task WriteAsync(HistoryEntry entry)
    {
        lock (_gate)
        {
            if (IsFailing)
            {
                throw new IOException("The disk is full.");
            }

            Entries.Add(entry);
            if (entry.IsAcknowledged)
            {
                Acknowledged.Add(entry.Version);
            }
        }

        return Task.CompletedTask;
    }

    public Task AcknowledgeAsync(string user, long version)
    {
        lock (_gate)
        {
            Acknowledged.Add(version);
        }

        return Task.CompletedTask;
    }

    public ValueTask<bool> WasAcknowledgedAsync(string user, long version)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(Acknowledged.Contains(version));
        }
    }

    public Task<HistoryPage> PageAsync(string user, string conversation, long before, int limit, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();
}

internal sealed class FakeStore : IStreamStateStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, SavedStream> _kept = [];
    private SavedStreams? _saved;
    private int _taken;

    /// <summary>Activations so far.</summary>
    public int Taken => Volatile.Read(ref _taken);

    public bool HasSaved => _saved is not null;

    public TimeSpan Away { get; set; }

    public bool IsShared => false;

    /// <summary>Every call throws, as where a database is away.</summary>
    public bool IsAway { get; set; }

    /// <summary>Versions that are kept.</summary>
    public IReadOnlyList<long> Kept
    {
        get
        {
            lock (_gate)
            {
                return [.. _kept.Keys.Order()];
            }
        }
    }

    public Task SaveAsync(string user, SavedStreams streams)
    {
        Check();
        _saved = streams;
        return Task.CompletedTask;
    }

    public Task<TakenStreams> TakeAsync(string user)
    {
        Interlocked.Increment(ref _taken);
        Check();
        lock (_gate)
        {
            return Task.FromResult(new TakenStreams(Interlocked.Exchange(ref _saved, null), Away, [.. _kept.Values.Select(answer => new KeptAnswer(answer, Away))]));
        }
    }

    public Task KeepAsync(string user, SavedStream answer)
    {
        Check();
        lock (_gate)
        {
            _kept[answer.Version] = answer;
        }

        return Task.CompletedTask;
    }

    public Task ForgetAsync(string user, long version)
    {
        Check();
        lock (_gate)
        {
            _kept.Remove(version);
        }

        return Task.CompletedTask;
    }

    /// <summary>What a process that was killed leaves: the kept answers alone.</summary>
    public void LoseSaved() => _saved = null;

    private void Check()
    {
        if (IsAway)
        {
            throw new HistoryAwayException();
        }
    }
}

internal sealed class ReaderProbe : IStreamObserver
{
    private readonly Lock _gate = new();
    private readonly List<string> _told = [];

    public IReadOnlyList<string> Told
    {
        get
        {
            lock (_gate)
            {
                return [.. _told];
            }
        }
    }

    public Task Stored(string user, StreamSlice slice) => Add($"{slice.FirstOffset} {string.Join(' ', slice.Frames.Select(frame => (FrameKind)frame.Kind))}");

    public Task Freed(string user, long version, int offset, FrameWire? last) => Add($"freed {offset} {(FrameKind?)last?.Kind}".TrimEnd());

    private Task Add(string line)
    {
        lock (_gate)
        {
            _told.Add(line);
        }

        return Task.CompletedTask;
    }
}

internal sealed class WorkerProbe : IGenerationCanceller
{
    private int _cancelled;

    public int Cancelled => Volatile.Read(ref _cancelled);

    public Task Cancel(string user, long version)
    {
        Interlocked.Increment(ref _cancelled);
        return Task.CompletedTask;
    }
}
