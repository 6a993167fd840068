using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Configuration;

/// <summary>
/// The values of the configured namespaces, always at hand: reads never wait. A source that is away, or a switch to another one,
/// leaves what was read last, also over a restart where <see cref="ConfigOptions.CacheFolder"/> is set.
/// </summary>
public sealed class ConfigCentre : BackgroundService
{
    private static readonly TimeSpan MinBackoff = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<string, IConfigProvider> _providers;
    private readonly IOptionsMonitor<ConfigOptions> _options;
    private readonly TimeProvider _time;
    private readonly ILogger<ConfigCentre> _logger;
    private readonly ConfigMetrics _metrics;
    private readonly LastGoodFiles _lastGood;
    private readonly ConcurrentDictionary<string, ConfigSpace> _spaces = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private CancellationTokenSource _reading = new();
    private IConfigProvider _provider;

    public ConfigCentre(
        IEnumerable<IConfigProvider> providers, IOptionsMonitor<ConfigOptions> options, TimeProvider time, ILogger<ConfigCentre> logger, ConfigMetrics metrics)
    {
        _providers = providers.GroupBy(provider => provider.Name, StringComparer.Ordinal).ToDictionary(named => named.Key, named => named.Last(), StringComparer.Ordinal);
        _options = options;
        _time = time;
        _logger = logger;
        _metrics = metrics;
        _lastGood = new LastGoodFiles(options.CurrentValue.CacheFolder);
        _provider = Find(options.CurrentValue.Provider);
        var names = options.CurrentValue.Namespaces;
        foreach (var name in names.Length > 0 ? names.Distinct(StringComparer.Ordinal) : ["application"])
        {
            _spaces[name] = new ConfigSpace(_lastGood.Read(name) ?? ConfigValues.Empty(name));
        }

        metrics.Watch(this);
    }

    /// <summary>The name of the provider read from now.</summary>
    public string Provider
    {
        get
        {
            lock (_gate)
            {
                return _provider.Name;
            }
        }
    }

    public IReadOnlyCollection<string> Namespaces => [.. _spaces.Keys];

    /// <summary>The namespace as it was read last; empty where it never was.</summary>
    /// <exception cref="ArgumentException">The namespace is not among the configured ones.</exception>
    public ConfigValues Get(string space) => Space(space).Values;

    /// <summary>Whether the source was not reached since these values, or never.</summary>
    /// <exception cref="ArgumentException">The namespace is not among the configured ones.</exception>
    public bool IsStale(string space) => Space(space).IsStale;

    /// <summary>Calls <paramref name="listener"/> after each change of the namespace's values, one at a time, until disposed. It must not block.</summary>
    /// <exception cref="ArgumentException">The namespace is not among the configured ones.</exception>
    public IDisposable OnChange(string space, Action<ConfigValues> listener) => Space(space).OnChange(listener);

    /// <summary>Reads from another provider from now on. The values stand until its first word.</summary>
    /// <exception cref="ConfigException"><c>CONFIG_PROVIDER_UNKNOWN</c>.</exception>
    public void SwitchTo(string provider)
    {
        CancellationTokenSource before;
        lock (_gate)
        {
            var next = Find(provider);
            if (next == _provider)
            {
                return;
            }

            _provider = next;
            before = _reading;
            _reading = new CancellationTokenSource();
        }

        _logger.ConfigProviderSwitched(provider);
        _ = before.CancelAsync(); // not on this thread, which may hold a namespace
    }

    /// <summary>Returns when every namespace was read, or the configured wait is over: a source that is away must not keep a service from starting.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await base.StartAsync(cancellationToken);
        var wait = TimeSpan.FromSeconds(_options.CurrentValue.StartWaitSeconds);
        try
        {
            await Task.WhenAll(_spaces.Values.Select(space => space.FirstRead)).WaitAsync(wait, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            foreach (var (name, space) in _spaces.Where(space => space.Value.IsStale))
            {
                _logger.ConfigStartsStale(name, space.Values.Version ?? "none");
            }
        }
    }

    public override void Dispose()
    {
        _reading.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var configured = _options.CurrentValue.Provider;
        using var changes = _options.OnChange(options =>
        {
            // Any reload comes here; one that names the same provider must not undo a switch by hand.
            if (Interlocked.Exchange(ref configured, options.Provider) != options.Provider)
            {
                TrySwitch(options.Provider);
            }
        });
        await Task.WhenAll(_spaces.Select(space => FollowAsync(space.Key, space.Value, stoppingToken)));
    }

    private void TrySwitch(string provider)
    {
        try
        {
            SwitchTo(provider);
        }
        catch (ConfigException e)
        {
            _logger.ConfigUnread("all", provider, e.Code, e.Message);
        }
    }

    private async Task FollowAsync(string name, ConfigSpace space, CancellationToken stopping)
    {
        await Task.Yield();
        var failures = 0;
        while (!stopping.IsCancellationRequested)
        {
            var (provider, ended) = Reading();
            using var reading = CancellationTokenSource.CreateLinkedTokenSource(stopping, ended);
            try
            {
                await foreach (var values in provider.WatchAsync(name, reading.Token).WithCancellation(reading.Token))
                {
                    failures = 0;
                    Accept(space, values);
                }

                space.Lost();
            }
            catch (OperationCanceledException) when (reading.IsCancellationRequested)
            {
                space.Lost();
                failures = 0;
                continue; // switched, or stopping
            }
            catch (ConfigException e)
            {
                if (space.Lost())
                {
                    _logger.ConfigUnread(name, provider.Name, e.Code, e.Message);
                }

                _metrics.Failed(name, e.Code);
            }

            await BackOffAsync(++failures, reading.Token);
        }
    }

    private void Accept(ConfigSpace space, ConfigValues values)
    {
        if (space.IsNews(values))
        {
            _metrics.Changed(values.Namespace);
            _logger.ConfigRead(values.Namespace, values.Version ?? "", values.Values.Count);
            Keep(values); // before anybody sees them, so that what was seen is there after a crash
        }

        space.Accept(values);
    }

    private void Keep(ConfigValues values)
    {
        try
        {
            _lastGood.Write(values);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _logger.ConfigNotKept(values.Namespace, e.Message);
        }
    }

    private async Task BackOffAsync(int failures, CancellationToken ended)
    {
        var full = Math.Min(_options.CurrentValue.MaxBackoffSeconds * 1000, MinBackoff.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 1, 20)));
        try
        {
            await Task.Delay(TimeSpan.FromMilliseconds(full * (1 - (Random.Shared.NextDouble() / 2))), _time, ended);
        }
        catch (OperationCanceledException)
        {
            // The caller's loop sees why.
        }
    }

    private (IConfigProvider Provider, CancellationToken Ended) Reading()
    {
        lock (_gate)
        {
            return (_provider, _reading.Token);
        }
    }

    private IConfigProvider Find(string name) => _providers.GetValueOrDefault(name)
        ?? throw new ConfigException(
            ConfigErrors.ProviderUnknown, $"No configuration provider is called '{name}'; there are {string.Join(", ", _providers.Keys.Order(StringComparer.Ordinal))}.");

    private ConfigSpace Space(string name) => _spaces.TryGetValue(name, out var space)
        ? space
        : throw new ArgumentException($"'{name}' is not among {ConfigOptions.Section}:Namespaces.", nameof(name));
}
