using System.Collections.Immutable;
using System.Net;
using Fairway.Core.Directory;
using Fairway.Exporter.Tests.Hosting;
using Fairway.Exporter.Tests.Peers;
using Fairway.Registry.Memory;
using Fairway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fairway.Exporter.Tests.Probing;

public sealed class HttpProbeTests : IAsyncLifetime
{
    private readonly MemoryRegistry _registry = new();
    private WebApplication _instance = null!;
    private StatusLog _log = null!;
    private ExporterHost _exporter = null!;
    private string _path = "";
    private volatile int _status = 200;
    private volatile bool _hangs;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseShutdownTimeout(TimeSpan.Zero);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _instance = builder.Build();
        _instance.MapFallback(AnswerAsync);
        await _instance.StartAsync();
        _log = new StatusLog(_registry);
        _exporter = await ExporterHost.StartAsync(_registry);
    }

    public async Task DisposeAsync()
    {
        await _exporter.DisposeAsync();
        await _log.DisposeAsync();
        await _instance.DisposeAsync();
        _registry.Dispose();
    }

    [Theory]
    [InlineData(204)]
    [InlineData(302)]
    public async Task Check_GoodStatus_IsUp(int status)
    {
        _status = status;
        await _registry.RegisterAsync(Record());

        await _log.UntilUp("a");
        Assert.Equal("/healthz", _path);
    }

    [Fact]
    public async Task Check_PathOfMetadata_IsAsked()
    {
        await _registry.RegisterAsync(
            Record() with { Metadata = ImmutableSortedDictionary<string, string>.Empty.Add("probePath", "/live") });

        await _log.UntilUp("a");
        Assert.Equal("/live", _path);
    }

    [Theory]
    [InlineData(404)]
    [InlineData(503)]
    public async Task Check_BadStatusThreeTimes_IsDownAndUpAgainWhenGood(int status)
    {
        await _registry.RegisterAsync(Record());
        await _log.UntilUp("a");

        _status = status;
        await _log.UntilDown("a");
        Assert.Equal($"HTTP status {status}", _log.Of("a")[^1].DownReason);

        _status = 200;
        await _log.UntilUp("a");
    }

    [Fact]
    public async Task Check_Hanging_IsDownWithinThreeSeconds()
    {
        await _registry.RegisterAsync(Record());
        await _log.UntilUp("a");

        _hangs = true;
        await Eventually.True(() => _log.IsDown("a"), TimeSpan.FromSeconds(2.8));
        Assert.Equal("no answer in time", _log.Of("a")[^1].DownReason);
    }

    [Fact]
    public async Task Probe_None_IsLeftAlone()
    {
        await _registry.RegisterAsync(Record() with { Id = "silent", Probe = Probes.None });
        await _registry.RegisterAsync(Record());
        await _log.UntilUp("a");

        Assert.Empty(_log.Of("silent"));
    }

    [Fact]
    public async Task Record_WithAnotherTarget_IsProbedThere()
    {
        await _registry.RegisterAsync(Record() with { Address = $"127.0.0.1:{FreePort.Next()}" });
        await _log.UntilDown("a");

        await _registry.RegisterAsync(Record());
        await _log.UntilUp("a");
    }

    private InstanceRecord Record() => new()
    {
        Service = "orders",
        Id = "a",
        Address = new Uri(_instance.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Authority,
        Probe = Probes.Http,
    };

    private async Task AnswerAsync(HttpContext http)
    {
        _path = http.Request.Path;
        if (_hangs)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        http.Response.StatusCode = _status;
        http.Response.Headers.Location = "/elsewhere";
    }
}
