using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Fairway.Product;
using Fairway.Registry.Etcd;
using Fairway.Report;
using Fairway.Testing;
using Microsoft.Extensions.Options;

namespace Fairway.Load;

/// <summary>etcd, a Gateway, the statuses of an exporter, and ten edges that long-poll, at one number of instances.</summary>
internal sealed class FreshnessRun : IAsyncDisposable
{
    public const int Services = 100;
    public const int Readers = 10;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly TempFolder _folder = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<SnapshotReader> _readers = [];
    private readonly int _size;
    private EtcdServer _etcd = null!;
    private RealProcess _gateway = null!;
    private EtcdRegistry _registry = null!;
    private StatusWriter _writer = null!;
    private HttpClient _http = null!;
    private double _emptyBytes;
    private Task _work = Task.CompletedTask;

    private FreshnessRun(int size) => _size = size;

    /// <summary>Returns when the Gateway shows all instances and all readers hold them.</summary>
    public static async Task<FreshnessRun> StartAsync(int size)
    {
        var run = new FreshnessRun(size);
        try
        {
            await run.StartAsync();
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    public async Task<FreshnessFigures> MeasureAsync(int changes)
    {
        var random = new Random(1);
        var milliseconds = new List<double>();
        var (answersBefore, answerBytesBefore) = (_readers.Sum(reader => reader.Answers), _readers.Sum(reader => reader.AnswerBytes));
        var usage = ProcessUsage.Of(_gateway.Pid);
        var began = Stopwatch.GetTimestamp();
        for (var change = 0; change < changes; change++)
        {
            var service = random.Next(Services);
            var down = !_writer.IsDown(service);
            var put = Stopwatch.GetTimestamp();
            var seen = _readers.Select(reader => reader.Expect(StatusWriter.Id(service, 0), down, put)).ToArray();
            await _writer.ChangeAsync(service, down);
            foreach (var reader in seen)
            {
                milliseconds.Add(await Seen(reader));
            }

            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(50, 250)), TimeProvider.System);
        }

        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var after = ProcessUsage.Of(_gateway.Pid);
        return new FreshnessFigures(
            milliseconds,
            Math.Max(0, after.ResidentBytes - _emptyBytes),
            (after.ProcessorSeconds - usage.ProcessorSeconds) / seconds,
            (_readers.Sum(reader => reader.Answers) - answersBefore) / seconds,
            (_readers.Sum(reader => reader.AnswerBytes) - answerBytesBefore) / seconds);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _http?.Dispose();
        if (_gateway is not null)
        {
            await _gateway.DisposeAsync();
        }

        _registry?.Dispose();
        if (_etcd is not null)
        {
            await _etcd.DisposeAsync();
        }

        _stop.Dispose();
        _folder.Dispose();
    }

    /// <summary>An answer that never came counts as the whole patience.</summary>
    private static async Task<double> Seen(Task<double> reader)
    {
        try
        {
            return await reader.WaitAsync(Patience, TimeProvider.System);
        }
        catch (TimeoutException)
        {
            return Patience.TotalMilliseconds;
        }
    }

    private async Task StartAsync()
    {
        _etcd = await EtcdServer.StartAsync();
        (_gateway, var url) = await ProductProcess.StartGatewayAsync(_folder, _etcd.Endpoint);
        _http = new HttpClient { BaseAddress = url };
        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);
        _emptyBytes = ProcessUsage.Of(_gateway.Pid).ResidentBytes;

        _registry = new EtcdRegistry(Options.Create(new EtcdOptions { Endpoints = [_etcd.Endpoint.GetLeftPart(UriPartial.Authority)] }));
        _writer = new StatusWriter(_registry, Services, _size / Services);
        await _writer.RegisterAsync();
        _work = _writer.RunAsync(_stop.Token);
        await Eventually.TrueAsync(async () => await UsableAsync() == _size, TimeSpan.FromMinutes(2));
        for (var i = 0; i < Readers; i++)
        {
            _readers.Add(new SnapshotReader(_http));
        }

        _work = Task.WhenAll([_work, .. _readers.Select(reader => reader.RunAsync(_stop.Token))]);
        await Eventually.True(() => _readers.All(reader => reader.Answers > 3), TimeSpan.FromMinutes(1));
        await Task.Delay(TimeSpan.FromSeconds(35), TimeProvider.System); // past the warm-up, so that the weights rest
    }

    /// <summary>How many instances the Gateway lists as ready: usable and heard of.</summary>
    private async Task<int> UsableAsync()
    {
        var text = await _http.GetStringAsync(new Uri("/v1/services", UriKind.Relative));
        using var document = JsonDocument.Parse(Encoding.UTF8.GetBytes(text));
        return document.RootElement.GetProperty("services").EnumerateArray().Sum(service => service.GetProperty("usable").GetInt32());
    }
}
