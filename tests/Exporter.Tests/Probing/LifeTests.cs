using Fairway.Core.Directory;
using Fairway.Exporter.Tests.Hosting;
using Fairway.Exporter.Tests.Peers;
using Fairway.GrpcWire.Health;
using Fairway.Testing;

namespace Fairway.Exporter.Tests.Probing;

/// <summary>Real gRPC servers as instances, real time.</summary>
public sealed class LifeTests : ExporterTest
{
    [Theory]
    [InlineData(Probes.Orca)]
    [InlineData(Probes.GrpcHealth)]
    public async Task Check_Serving_IsUp(string probe)
    {
        await Registry.RegisterAsync(Instance.Record("a", probe));

        await Log.UntilUp("a");
    }

    [Fact]
    public async Task Check_NotServing_IsDownAtOnceAndUpAtOnce()
    {
        await Registry.RegisterAsync(Instance.Record("a"));
        await Log.UntilUp("a");

        Instance.Health = HealthCheckResponse.Types.ServingStatus.NotServing;
        await Eventually.True(() => Log.IsDown("a"), TimeSpan.FromSeconds(2));
        Assert.Equal("NOT_SERVING", Log.Of("a")[^1].DownReason);

        Instance.Health = HealthCheckResponse.Types.ServingStatus.Serving;
        await Eventually.True(() => Log.IsUp("a"), TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Check_Unimplemented_IsUp()
    {
        Instance.Health = null;
        await Registry.RegisterAsync(Instance.Record("a"));

        await Log.UntilUp("a");
    }

    [Fact]
    public async Task Check_ProcessGone_IsDownSoonAndUpWhenBack()
    {
        await Registry.RegisterAsync(Instance.Record("a"));
        await Log.UntilUp("a");

        await Instance.DisposeAsync();
        await Eventually.True(() => Log.IsDown("a"), TimeSpan.FromSeconds(2));

        await using var back = await GrpcInstance.StartAsync(Instance.Port);
        await Eventually.True(() => Log.IsUp("a"), TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Check_NobodyListens_IsDown()
    {
        await Registry.RegisterAsync(Instance.Record("a") with { Address = $"127.0.0.1:{FreePort.Next()}" });

        await Eventually.True(() => Log.IsDown("a"), TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Probe_OfItsOwnAddress_IsAsked()
    {
        var record = Instance.Record("a") with { Address = $"127.0.0.1:{FreePort.Next()}", Protocol = "https", ProbeAddress = Instance.Address };
        await Registry.RegisterAsync(record);

        await Log.UntilUp("a");
    }

    [Fact]
    public async Task Batch_OfAnyChange_NamesAllThatAreDown()
    {
        var gone = Instance.Record("gone") with { Address = $"127.0.0.1:{FreePort.Next()}" };
        await Registry.RegisterAsync(gone);
        await Log.UntilDown("gone");

        await Registry.RegisterAsync(Instance.Record("a"));
        await Log.UntilUp("a");

        var last = Log.Puts.Last(put => put.Batch!.Items.Any(item => item.Id == "a")).Batch!;
        Assert.Contains(last.Items, item => item is { Id: "gone", Life: Life.Down });
    }

    [Fact]
    public async Task Deregistration_OfOneDown_TakesItOutOfTheBatch()
    {
        var gone = Instance.Record("gone") with { Address = $"127.0.0.1:{FreePort.Next()}" };
        await Registry.RegisterAsync(Instance.Record("a"));
        await Registry.RegisterAsync(gone);
        await Log.UntilDown("gone");

        await Registry.DeregisterAsync(gone);
        await Eventually.True(() => !Log.Puts[^1].Batch!.Items.Any(item => item.Id == "gone"));

        await Registry.DeregisterAsync(Instance.Record("a"));
        await Eventually.True(() => Log.Puts[^1].Batch is null, what: "the key of an empty chunk goes");
    }

    [Fact]
    public async Task Batch_OfManyThatFailAtOnce_IsPutTogether()
    {
        const int Many = 150;
        foreach (var i in Enumerable.Range(0, Many))
        {
            await Registry.RegisterAsync(Instance.Record($"i{i}", Probes.GrpcHealth));
        }

        await Eventually.True(() => Enumerable.Range(0, Many).All(i => Log.IsUp($"i{i}")));
        var before = Log.Puts.Count;
        Assert.InRange(before, 1, 10);

        Instance.Health = HealthCheckResponse.Types.ServingStatus.NotServing;
        await Eventually.True(() => Enumerable.Range(0, Many).All(i => Log.IsDown($"i{i}")), TimeSpan.FromSeconds(3));

        Assert.InRange(Log.Puts.Count - before, 1, 40);
        Assert.Equal(Many, Log.Puts[^1].Batch!.Items.Count(item => item.Life == Life.Down));
    }
}
