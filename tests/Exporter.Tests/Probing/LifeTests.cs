using Fairway.Core.Directory;
using Fairway.Exporter.Tests.Hosting;
using Fairway.Exporter.Tests.Peers;
using Fairway.GrpcWire.Health;
using Fairway.Registry.Memory;
using Fairway.Testing;

namespace Fairway.Exporter.Tests.Probing;

/// <summary>Real gRPC servers as instances, real time.</summary>
public sealed class LifeTests : IAsyncLifetime
{
    private readonly MemoryRegistry _registry = new();
    private StatusLog _log = null!;
    private ExporterHost _exporter = null!;
    private GrpcInstance _instance = null!;

    public async Task InitializeAsync()
    {
        _instance = await GrpcInstance.StartAsync();
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
    [InlineData(Probes.Orca)]
    [InlineData(Probes.GrpcHealth)]
    public async Task Check_Serving_IsUp(string probe)
    {
        await _registry.RegisterAsync(_instance.Record("a", probe));

        await _log.UntilUp("a");
    }

    [Fact]
    public async Task Check_NotServing_IsDownAtOnceAndUpAtOnce()
    {
        await _registry.RegisterAsync(_instance.Record("a"));
        await _log.UntilUp("a");

        _instance.Health = HealthCheckResponse.Types.ServingStatus.NotServing;
        await Eventually.True(() => _log.IsDown("a"), TimeSpan.FromSeconds(2));
        Assert.Equal("NOT_SERVING", _log.Of("a")[^1].DownReason);

        _instance.Health = HealthCheckResponse.Types.ServingStatus.Serving;
        await Eventually.True(() => _log.IsUp("a"), TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Check_Unimplemented_IsUp()
    {
        _instance.Health = null;
        await _registry.RegisterAsync(_instance.Record("a"));

        await _log.UntilUp("a");
    }

    [Fact]
    public async Task Check_ProcessGone_IsDownSoonAndUpWhenBack()
    {
        await _registry.RegisterAsync(_instance.Record("a"));
        await _log.UntilUp("a");

        await _instance.DisposeAsync();
        await Eventually.True(() => _log.IsDown("a"), TimeSpan.FromSeconds(2));

        await using var back = await GrpcInstance.StartAsync(_instance.Port);
        await Eventually.True(() => _log.IsUp("a"), TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Check_NobodyListens_IsDown()
    {
        await _registry.RegisterAsync(_instance.Record("a") with { Address = $"127.0.0.1:{FreePort.Next()}" });

        await Eventually.True(() => _log.IsDown("a"), TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Probe_OfItsOwnAddress_IsAsked()
    {
        var record = _instance.Record("a") with { Address = $"127.0.0.1:{FreePort.Next()}", Protocol = "https", ProbeAddress = _instance.Address };
        await _registry.RegisterAsync(record);

        await _log.UntilUp("a");
    }

    [Fact]
    public async Task Batch_OfAnyChange_NamesAllThatAreDown()
    {
        var gone = _instance.Record("gone") with { Address = $"127.0.0.1:{FreePort.Next()}" };
        await _registry.RegisterAsync(gone);
        await _log.UntilDown("gone");

        await _registry.RegisterAsync(_instance.Record("a"));
        await _log.UntilUp("a");

        var last = _log.Puts.Last(put => put.Batch!.Items.Any(item => item.Id == "a")).Batch!;
        Assert.Contains(last.Items, item => item is { Id: "gone", Life: Life.Down });
    }

    [Fact]
    public async Task Deregistration_OfOneDown_TakesItOutOfTheBatch()
    {
        var gone = _instance.Record("gone") with { Address = $"127.0.0.1:{FreePort.Next()}" };
        await _registry.RegisterAsync(_instance.Record("a"));
        await _registry.RegisterAsync(gone);
        await _log.UntilDown("gone");

        await _registry.DeregisterAsync(gone);
        await Eventually.True(() => !_log.Puts[^1].Batch!.Items.Any(item => item.Id == "gone"));

        await _registry.DeregisterAsync(_instance.Record("a"));
        await Eventually.True(() => _log.Puts[^1].Batch is null, what: "the key of an empty chunk goes");
    }

    [Fact]
    public async Task Batch_OfManyThatFailAtOnce_IsPutTogether()
    {
        const int Many = 150;
        foreach (var i in Enumerable.Range(0, Many))
        {
            await _registry.RegisterAsync(_instance.Record($"i{i}", Probes.GrpcHealth));
        }

        await Eventually.True(() => Enumerable.Range(0, Many).All(i => _log.IsUp($"i{i}")));
        var before = _log.Puts.Count;
        Assert.InRange(before, 1, 10);

        _instance.Health = HealthCheckResponse.Types.ServingStatus.NotServing;
        await Eventually.True(() => Enumerable.Range(0, Many).All(i => _log.IsDown($"i{i}")), TimeSpan.FromSeconds(3));

        Assert.InRange(_log.Puts.Count - before, 1, 40);
        Assert.Equal(Many, _log.Puts[^1].Batch!.Items.Count(item => item.Life == Life.Down));
    }
}
