using System.Text;
using System.Text.Json;
using Fairway.Core.Lanes;
using Fairway.Core.Streams;
using Fairway.Gateway.Jobs;
using Fairway.GrainInterfaces.Streams;
using Fairway.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Fairway.Gateway.Tests.Generation;

/// <summary>A Gateway with a model behind it, used as its HTTP side uses it.</summary>
internal sealed class Backend : IAsyncDisposable
{
    public const string ApiKey = "sk-secret-of-the-gateway";

    private Backend(GatewayHost gateway) => Gateway = gateway;

    public GatewayHost Gateway { get; }

    public IJobQueue Queue => Gateway.Services.GetRequiredService<IJobQueue>();

    private IGrainFactory Grains => Gateway.Services.GetRequiredService<IGrainFactory>();

    public static async Task<Backend> StartAsync(ModelServer model, params string[] args) => new(await GatewayHost.StartAsync(
    [
        $"--Models:demo:BaseUrl={model.Url}/v1", $"--Models:raw:BaseUrl={model.Url}/raw", $"--Models:raw:ApiKey={ApiKey}",
        "--Models:raw:Model=upstream-name", $"--Models:hasty:BaseUrl={model.Url}/v1", "--Models:hasty:IdleTimeoutSeconds=1.5",
        $"--Models:hasty-raw:BaseUrl={model.Url}/raw", "--Models:hasty-raw:IdleTimeoutSeconds=0.3",
        "--Models:away:BaseUrl=http://127.0.0.1:9", .. args,
    ]));

    public IUserStreamGrain Grain(string user) => Grains.GetGrain<IUserStreamGrain>(user);

    public async Task<long> AskAsync(string user, string request, string conversation = "main", Label? label = null)
    {
        var body = StreamBytes.From(Encoding.UTF8.GetBytes(request));
        var slot = Queue.TryAdmit() ?? throw new InvalidOperationException("full");
        var version = await Grain(user).Open(conversation, body);
        await Queue.EnqueueAsync(slot, new StreamJob(user, version, conversation, 1, body, false, LabelText.Write(label ?? Label.None)));
        return version;
    }

    /// <summary>All frames, once the last is a terminal.</summary>
    public async Task<IReadOnlyList<Frame>> ReadToEndAsync(string user, long version)
    {
        var reader = new Reader();
        var reference = Grains.CreateObjectReference<IStreamObserver>(reader);
        StreamSlice? slice = null;
        await Eventually.TrueAsync(
            async () =>
            {
                slice = await Grain(user).Read(version, 0, isRead: false, "gw-end", reference);
                return slice is null || (slice.Frames.Length > 0 && slice.Frames[^1].ToCore().IsTerminal);
            },
            TimeSpan.FromSeconds(15),
            "the answer has its terminal");
        GC.KeepAlive(reader);
        Assert.NotNull(slice);
        return [.. slice.Frames.Select(frame => frame.ToCore())];
    }

    public async Task<(Reader Reader, IStreamObserver Reference)> FollowAsync(string user, long version)
    {
        var reader = new Reader();
        var reference = Grains.CreateObjectReference<IStreamObserver>(reader);
        reader.Take(await Grain(user).Read(version, 0, isRead: false, "gw", reference));
        return (reader, reference);
    }

    public static string Text(Frame frame) => Encoding.UTF8.GetString(frame.Data.Span);

    public static string? CodeOf(Frame terminal)
    {
        using var document = JsonDocument.Parse(terminal.Data);
        return document.RootElement.TryGetProperty("code", out var code) ? code.GetString() : null;
    }

    public ValueTask DisposeAsync() => Gateway.DisposeAsync();

    internal sealed class Reader : IStreamObserver
    {
        private readonly Lock _gate = new();
        private readonly List<StreamSlice> _slices = [];

        public IReadOnlyList<StreamSlice> Slices
        {
            get
            {
                lock (_gate)
                {
                    return [.. _slices];
                }
            }
        }

        public Task Stored(string user, StreamSlice slice)
        {
            Take(slice);
            return Task.CompletedTask;
        }

        public Task Freed(string user, long version, int offset, FrameWire? last) => Task.CompletedTask;

        public void Take(StreamSlice? slice)
        {
            lock (_gate)
            {
                if (slice is not null)
                {
                    _slices.Add(slice);
                }
            }
        }
    }
}
