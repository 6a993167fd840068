using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Fairway.Sdk.Tests.Configuration;

/// <summary>
/// Apollo's config service as far as its HTTP protocol goes: releases by key, notifications that are held until there is news, 304,
/// 404 for unknown namespaces, and access keys. Its administration is the test's.
/// </summary>
internal sealed class ApolloServer : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, Release> _releases = new(StringComparer.OrdinalIgnoreCase);
    private readonly TimeSpan _hold;
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _notification = 100;
    private int _polls;

    private ApolloServer(TimeSpan hold)
    {
        _hold = hold;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));
        _app = builder.Build();
        _app.Urls.Add("http://127.0.0.1:0");
        _app.Use(Authenticate);
        _app.MapGet("/configs/{appId}/{cluster}/{space}", Read);
        _app.MapGet("/notifications/v2", PollAsync);
    }

    public string Url => _app.Urls.Single();

    /// <summary>The access key the app needs; null for none.</summary>
    public string? Secret { get; set; }

    /// <summary>Answers 503 to all while set.</summary>
    public bool IsAway { get; set; }

    /// <summary>Long-polls that were answered or are held.</summary>
    public int Polls => Volatile.Read(ref _polls);

    /// <summary>The <c>messages</c> of the reads so far, in order; empty texts for reads without.</summary>
    public ConcurrentQueue<string> Messages { get; } = new();

    /// <param name="hold">How long a poll without news is held; Apollo holds for 60 s.</param>
    public static async Task<ApolloServer> StartAsync(TimeSpan? hold = null)
    {
        var server = new ApolloServer(hold ?? TimeSpan.FromSeconds(60));
        await server._app.StartAsync();
        return server;
    }

    /// <summary>Publishes a release of a namespace, whole.</summary>
    public void Publish(string space, params (string Key, string Value)[] values)
    {
        var id = Interlocked.Increment(ref _notification);
        _releases[space] = new Release($"release-{id}", id, values.ToDictionary(pair => pair.Key, pair => pair.Value));
        Interlocked.Exchange(ref _news, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    public async ValueTask DisposeAsync()
    {
        Interlocked.Exchange(ref _news, new TaskCompletionSource()).TrySetResult();
        await _app.DisposeAsync();
    }

    private async Task Authenticate(HttpContext context, RequestDelegate next)
    {
        if (IsAway)
        {
            context.Response.StatusCode = 503;
        }
        else if (Secret is { } secret && !IsSigned(context.Request, secret))
        {
            context.Response.StatusCode = 401;
        }
        else
        {
            await next(context);
        }
    }

    private static bool IsSigned(HttpRequest request, string secret)
    {
        var timestamp = request.Headers["Timestamp"].ToString();
        var target = request.HttpContext.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
#pragma warning disable CA5350 // the protocol's choice
        var hash = HMACSHA1.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(timestamp + "\n" + target));
#pragma warning restore CA5350
        return long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            && request.Headers.Authorization == $"Apollo orders:{Convert.ToBase64String(hash)}";
    }

    private IResult Read(string appId, string cluster, string space, string? releaseKey, string? messages)
    {
        Messages.Enqueue(messages ?? "");
        if (!_releases.TryGetValue(space, out var release))
        {
            return Results.NotFound();
        }

        return release.Key == releaseKey
            ? Results.StatusCode(304)
            : Results.Json(new { appId, cluster, namespaceName = space, configurations = release.Values, releaseKey = release.Key });
    }

    private async Task<IResult> PollAsync(string appId, string cluster, string notifications, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _polls);
        var asked = JsonNode.Parse(notifications)!.AsArray().Select(one => (Space: one!["namespaceName"]!.GetValue<string>(), Id: one["notificationId"]!.GetValue<long>())).ToList();
        var until = Task.Delay(_hold, TimeProvider.System, cancellationToken);
        while (true)
        {
            var news = Volatile.Read(ref _news).Task;
            if (asked.Any(one => !_releases.ContainsKey(one.Space)))
            {
                return Results.NotFound();
            }

            var told = asked.Where(one => _releases[one.Space].Id != one.Id).Select(one => new
            {
                namespaceName = one.Space,
                notificationId = _releases[one.Space].Id,
                messages = new { details = new Dictionary<string, long> { [$"{appId}+{cluster}+{one.Space}"] = _releases[one.Space].Id } },
            }).ToList();
            if (told.Count > 0)
            {
                return Results.Text(JsonSerializer.Serialize(told, Plain), "application/json");
            }

            if (await Task.WhenAny(news, until) == until)
            {
                cancellationToken.ThrowIfCancellationRequested();
                return Results.StatusCode(304);
            }
        }
    }

    private sealed record Release(string Key, long Id, Dictionary<string, string> Values);
}
