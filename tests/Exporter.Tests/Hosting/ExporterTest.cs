using Fairway.Exporter.Tests.Peers;
using Fairway.Registry.Memory;

namespace Fairway.Exporter.Tests.Hosting;

/// <summary>A test with one exporter, all that it puts, and one instance that is not registered yet.</summary>
public abstract class ExporterTest : IAsyncLifetime
{
    private protected MemoryRegistry Registry { get; } = new();

    /// <summary>The registry as the exporter sees it.</summary>
    private protected FaultyRegistry Faulty { get; private set; } = null!;

    private protected StatusLog Log { get; private set; } = null!;

    private protected ExporterHost Host { get; set; } = null!;

    private protected GrpcInstance Instance { get; private set; } = null!;

    public virtual async Task InitializeAsync()
    {
        Instance = await GrpcInstance.StartAsync();
        Faulty = new FaultyRegistry(Registry);
        Log = new StatusLog(Registry);
        Host = await ExporterHost.StartAsync(Faulty);
    }

    public async Task DisposeAsync()
    {
        await Host.DisposeAsync();
        await Log.DisposeAsync();
        await Instance.DisposeAsync();
        Registry.Dispose();
    }

    /// <summary>Registers the instance as <c>a</c>, and waits until it is told to be up.</summary>
    private protected async Task RegisterAsync()
    {
        await Registry.RegisterAsync(Instance.Record("a"));
        await Log.UntilUp("a");
    }
}
