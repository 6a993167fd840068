using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fairway.Edge.Tests;

/// <summary>
/// A gateway whose lists are what the test says: the snapshot over real HTTP with long-polls, whole or as a difference, and an
/// echo on every other path. It keeps its port over <see cref="StopAsync"/> and <see cref="StartAsync()"/>.
/// </summary>
public sealed class ScriptedGateway : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, (long At, JsonObject Value)> _services = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (long At, JsonNode Value)> _tables = [];
    private readonly Dictionary<string, long> _removed = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication? _app;
    private string _epoch = "a";
    private long _counter = 1;
    private int _port;

    private ScriptedGateway()
    {
        foreach (var (name, value) in new (string, JsonNode)[]
        {
            ("lanes", new JsonObject()), ("grey", new JsonObject()), ("offline", new JsonArray()), ("limits", new JsonObject()), ("gateways", new JsonArray()),
        })
        {
            _tables[name] = (1, value);
        }
    }

    public Uri Endpoint => new($"http://127.0.0.1:{_port}");

    /// <summary>Its <c>host:port</c>.</summary>
    public string Address => $"127.0.0.1:{_port}";

    public string Id { get; init; } = "gateway";

    public string Version => $"{_epoch}-{_counter}";

    /// <summary>How many snapshots were asked for.</summary>
    public int Reads { get; private set; }

    /// <summary>Headers of the newest snapshot read.</summary>
    public IReadOnlyDictionary<string, string> Reader { get; private set; } = new Dictionary<string, string>();

    /// <summary>Takes over the answer to a snapshot read; true when it answered.</summary>
    public Func<HttpContext, Task<bool>>? Instead { get; set; }

    /// <summary>Paths of the echo that were asked for, with their user where one was sent.</summary>
    public List<string> Echoed { get; } = [];

    public static async Task<ScriptedGateway> StartAsync(string id = "gateway", string epoch = "a")
    {
        var gateway = new ScriptedGateway { Id = id, _epoch = epoch };
        await gateway.StartAsync();
        return gateway;
    }

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseSetting("urls", $"http://127.0.0.1:{_port}");
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMilliseconds(100));
        _app = builder.Build();
        _app.MapGet("/v1/edge/snapshot", SnapshotAsync);
        _app.MapFallback("{*path}", EchoAsync);
        await _app.StartAsync();
        _port = new Uri(_app.Urls.Single()).Port;
    }

    public async Task StopAsync()
    {
        if (_app is { } app)
        {
            _app = null;
            using var now = new CancellationTokenSource(TimeSpan.Zero);
            await app.StopAsync(now.Token);
            await app.DisposeAsync();
        }
    }

    /// <summary>Lists a service.</summary>
    public void Put(string service, JsonObject value) => Change(() =>
    {
        _services[service] = (_counter, value);
        _removed.Remove(service);
    });

    public void Remove(string service) => Change(() =>
    {
        _services.Remove(service);
        _removed[service] = _counter;
    });

    public void Set(string table, JsonNode value) => Change(() => _tables[table] = (_counter, value));

    /// <summary>Declares lanes: each with the services it declares.</summary>
    public void SetLanes(params (string Lane, string[] Services)[] lanes) => Set("lanes", new JsonObject(lanes.Select(lane =>
        KeyValuePair.Create(lane.Lane, (JsonNode?)new JsonObject
        {
            ["expiresAt"] = null,
            ["services"] = new JsonObject(lane.Services.Select(service => KeyValuePair.Create(
                service, (JsonNode?)new JsonObject { ["service"] = service, ["declaredBy"] = "operator", ["onConsumerDown"] = "park" }))),
        }))));

    /// <summary>As after a restart: another epoch, counting from 1.</summary>
    /// <param name="without">A service that is not there any more, without ever having been told as removed.</param>
    public void Restarted(string epoch, string? without = null) => Change(() =>
    {
        (_epoch, _counter) = (epoch, 1);
        if (without is not null)
        {
            _services.Remove(without);
        }
    });

    /// <summary>Goes back, or forth, within the epoch.</summary>
    public void Recount(long counter) => Change(() => _counter = counter - 1);

    public async ValueTask DisposeAsync() => await StopAsync();

    private void Change(Action change)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _counter++;
            change();
            (changed, _changed) = (_changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        changed.SetResult();
    }

    private async Task SnapshotAsync(HttpContext context)
    {
        Reads++;
        Reader = context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        if (Instead is { } instead && await instead(context))
        {
            return;
        }

        var since = context.Request.Query["since"].ToString();
        var wait = context.Request.Query["wait"].ToString();
        Task changed;
        lock (_gate)
        {
            changed = since == Version && wait.Length > 0 ? _changed.Task : Task.CompletedTask;
        }

        try
        {
            await changed.WaitAsync(TimeSpan.FromSeconds(wait.Length > 1 ? int.Parse(wait[..^1]) : 0), context.RequestAborted);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            // No news.
        }

        string? body;
        lock (_gate)
        {
            body = since == Version ? null : Document(since);
        }

        if (body is null)
        {
            context.Response.StatusCode = 304;
            return;
        }

        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body, context.RequestAborted);
    }

    private string Document(string since)
    {
        var delta = since.StartsWith(_epoch + "-", StringComparison.Ordinal) && long.Parse(since[(_epoch.Length + 1)..]) < _counter;
        var held = delta ? long.Parse(since[(_epoch.Length + 1)..]) : 0;
        var document = new JsonObject
        {
            ["version"] = Version,
            ["base"] = delta ? since : null,
            ["full"] = !delta,
            ["services"] = new JsonObject(_services.Where(entry => !delta || entry.Value.At > held)
                .Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)entry.Value.Value.DeepClone()))),
            ["removed"] = new JsonArray([.. _removed.Where(entry => delta && entry.Value > held).Select(entry => (JsonNode?)entry.Key)]),
            ["stale"] = false,
            ["staleMs"] = 0,
        };
        foreach (var (name, entry) in _tables.Where(entry => !delta || entry.Value.At > held))
        {
            document[name] = entry.Value.DeepClone();
        }

        return document.ToJsonString();
    }

    private async Task EchoAsync(HttpContext context)
    {
        lock (Echoed)
        {
            Echoed.Add($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}");
        }

        await Service.EchoAsync(context, Id);
    }
}
