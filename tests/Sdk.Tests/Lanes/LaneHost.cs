using System.Net.Sockets;
using Fairway.Core.Lanes;
using Fairway.GrpcWire;
using Fairway.Sdk.Lanes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Fairway.Sdk.Tests.Lanes;

/// <summary>
/// A hop on real loopback ports. <c>/label</c> says which label is current; <c>/headers</c> which headers came;
/// <c>/hop?to=URL</c> calls on with a client of the factory and hands the answer back; <c>/redirect?to=URL</c> redirects.
/// </summary>
internal sealed class LaneHost : IAsyncDisposable
{
    public const string Kid = "k1";
    public const string Secret = "a secret of the tests";

    public static readonly LabelKeys Keys = new(new Dictionary<string, string> { [Kid] = Secret }, null);

    private LaneHost(WebApplication app) => App = app;

    public WebApplication App { get; }

    public Uri Address => new(App.Urls.First());

    public Uri GrpcAddress => new(App.Urls.Last());

    public HttpClient Http { get; } = new(new SocketsHttpHandler { AllowAutoRedirect = false, ActivityHeadersPropagator = null });

    /// <param name="settings">Beside the key; null removes a setting.</param>
    /// <param name="foreign">Where clients of this host connect to when they ask for any host under <c>.test</c>.</param>
    /// <param name="time">The clock of signatures.</param>
    /// <param name="map">Further endpoints.</param>
    /// <param name="services">Further services.</param>
    public static async Task<LaneHost> StartAsync(
        Dictionary<string, string?>? settings = null, Uri? foreign = null, TimeProvider? time = null,
        Action<WebApplication>? map = null, Action<IServiceCollection>? services = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { [$"Lanes:Keys:{Kid}"] = Secret });
        builder.Configuration.AddInMemoryCollection(settings ?? []);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(System.Net.IPAddress.Loopback, 0);
            kestrel.UseGrpcEndpoint(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        });
        builder.Services.Replace(ServiceDescriptor.Singleton(time ?? TimeProvider.System));
        builder.Services.AddLanes();
        services?.Invoke(builder.Services);
        builder.Services.ConfigureHttpClientDefaults(client => client.ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
        {
            ConnectCallback = async (context, token) =>
            {
                var endPoint = context.DnsEndPoint;
                if (endPoint.Host.EndsWith(".test", StringComparison.Ordinal))
                {
                    endPoint = new System.Net.DnsEndPoint(foreign!.Host, foreign.Port);
                }

                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(endPoint, token);
                return new NetworkStream(socket, ownsSocket: true);
            },
        }));
        var app = builder.Build();
        app.MapGet("/label", () => Describe(LaneContext.Current));
        app.MapGet("/headers", (HttpRequest request) => Headers(request.Headers));
        app.MapGet("/redirect", (string to) => Results.Redirect(to));
        app.MapGet("/hop", async (string to, IHttpClientFactory clients) => await clients.CreateClient().GetStringAsync(to));
        map?.Invoke(app);
        await app.StartAsync();
        return new LaneHost(app);
    }

    public static string Describe(Label label) => $"{label.Lane ?? "base"}|{(label.Stress ? "1" : "")}|{label.OfflineText}";

    /// <summary>The headers of a label, signed for another minute.</summary>
    public static Dictionary<string, string> Signed(Label label, DateTimeOffset? now = null, int seconds = 60) => new()
    {
        [LabelHeaders.FlowType] = label.Lane ?? "",
        [LabelHeaders.Stress] = label.Stress ? "1" : "",
        [LabelHeaders.Offline] = label.OfflineText,
        [LabelHeaders.Signature] = Keys.Sign(label, (now ?? DateTimeOffset.UtcNow).AddSeconds(seconds)),
    };

    public Task<HttpResponseMessage> SendAsync(string path, IEnumerable<KeyValuePair<string, string>>? headers = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Address, path));
        foreach (var (name, value) in headers ?? [])
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return Http.SendAsync(request);
    }

    public async Task<string> GetAsync(string path, IEnumerable<KeyValuePair<string, string>>? headers = null)
    {
        using var response = await SendAsync(path, headers);
        return await response.Content.ReadAsStringAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await App.DisposeAsync();
    }

    private static string Headers(IHeaderDictionary headers) => string.Join('\n', headers
        .Where(header => LabelHeaders.All.Contains(header.Key) || header.Key is LabelHeaders.Baggage or "Baggage" or LabelHeaders.Why)
        .OrderBy(header => header.Key, StringComparer.OrdinalIgnoreCase)
        .Select(header => $"{header.Key.ToLowerInvariant()}: {header.Value}"));
}
