using System.Net;
using System.Text.Json;
using Fairway.Sdk.Registration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Client;

/// <summary>
/// Keeps a <see cref="ServiceDirectory"/> up to date by long-polling <c>/v1/edge/snapshot</c> for differences, from one gateway after
/// another when one fails. What was read last stands for as long as none answers.
/// </summary>
public sealed class DirectoryReader : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly FairwayClientOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<DirectoryReader> _logger;
    private readonly ClientMetrics _metrics;
    private readonly HttpClient _http;
    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private volatile ServiceDirectory _current = ServiceDirectory.Empty;
    private Task? _reading;
    private int _gateway;
    private bool _away;
    private bool _askForAll;

    internal DirectoryReader(IOptions<FairwayClientOptions> options, TimeProvider time, ILogger<DirectoryReader> logger, ClientMetrics metrics)
    {
        _options = options.Value;
        _time = time;
        _logger = logger;
        _metrics = metrics;
        _http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(3), AutomaticDecompression = DecompressionMethods.All })
        {
            Timeout = Timeout.InfiniteTimeSpan, // each read has its own
        };
        if (_options.ReadKey is { Length: > 0 } key)
        {
            _http.DefaultRequestHeaders.Add("x-registrar-key", key);
        }
    }

    /// <summary>What is known now; <see cref="ServiceDirectory.Empty"/> before the first answer.</summary>
    public ServiceDirectory Current => _current;

    /// <summary>Raised with each new directory, on the reader's own thread.</summary>
    internal event Action<ServiceDirectory>? Changed;

    /// <summary>Begins reading, once, and returns when something is known.</summary>
    /// <exception cref="FairwayClientException"><c>NO_LIST</c>: no gateway answered in time.</exception>
    public async ValueTask<ServiceDirectory> ReadyAsync(CancellationToken cancellationToken)
    {
        if (_current.Version is not null)
        {
            return _current;
        }

        Start();
        try
        {
            await _first.Task.WaitAsync(TimeSpan.FromSeconds(_options.FirstListSeconds), _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new FairwayClientException("NO_LIST", $"None of {string.Join(", ", _options.Gateways)} gave a list within {_options.FirstListSeconds} s.");
        }

        return _current;
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        if (_reading is { } reading)
        {
            await reading;
        }

        _http.Dispose();
        _ending.Dispose();
    }

    /// <summary>Begins reading, once.</summary>
    internal void Start()
    {
        lock (_gate)
        {
            _reading ??= _ending.IsCancellationRequested ? Task.CompletedTask : Task.Run(ReadAllAsync);
        }
    }

    private async Task ReadAllAsync()
    {
        var backoff = new Backoff();
        var failedInARow = 0;
        while (!_ending.IsCancellationRequested)
        {
            var gateways = Gateways();
            var gateway = gateways[_gateway % gateways.Length];
            try
            {
                await ReadAsync(gateway);
                backoff.Reset();
                failedInARow = 0;
                if (_away)
                {
                    _away = false;
                    _logger.GatewayBack(gateway);
                }
            }
            catch (OperationCanceledException) when (_ending.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or JsonException or IOException)
            {
                _metrics.ListFailed();
                _gateway++;
                if (!_away)
                {
                    _away = true;
                    _logger.GatewayAway(gateway, exception.Message);
                }

                // Each is asked once before anybody waits.
                if (++failedInARow % gateways.Length == 0 && !await WaitAsync(backoff.Next()))
                {
                    return;
                }
            }
        }
    }

    private async Task ReadAsync(Uri gateway)
    {
        var held = _current;
        var poll = TimeSpan.FromSeconds(_options.PollSeconds);
        var query = held.Version is { } version && !_askForAll ? $"?since={Uri.EscapeDataString(version)}&wait={(long)poll.TotalMilliseconds}ms" : "";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token);
        using var timer = new CancellationTokenSource(poll + Patience, _time);
        using var either = timer.Token.Register(limit.Cancel);
        using var answer = await _http.GetAsync(new Uri(gateway, "/v1/edge/snapshot" + query), HttpCompletionOption.ResponseHeadersRead, limit.Token);
        if (answer.StatusCode == HttpStatusCode.NotModified)
        {
            _metrics.ListHeard();
            return;
        }

        answer.EnsureSuccessStatusCode();
        await using var body = await answer.Content.ReadAsStreamAsync(limit.Token);
        var document = await SnapshotDocument.ReadAsync(body, limit.Token);
        _metrics.ListHeard();
        // A difference to something this process does not hold: ask for all.
        if (document.ApplyTo(held) is not { } next)
        {
            _askForAll = true;
            return;
        }

        _askForAll = false;
        _current = next;
        Changed?.Invoke(next);
        _first.TrySetResult();
    }

    /// <summary>Those configured, then those learnt.</summary>
    private Uri[] Gateways() =>
    [
        .. _options.Gateways.Select(gateway => new Uri(gateway)),
        .. _current.Gateways.Where(address => Uri.TryCreate($"http://{address}", UriKind.Absolute, out _))
            .Select(address => new Uri($"http://{address}"))
            .Where(learnt => !_options.Gateways.Any(known => new Uri(known).Authority == learnt.Authority)),
    ];

    private async Task<bool> WaitAsync(TimeSpan span)
    {
        try
        {
            await Task.Delay(span, _time, _ending.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
