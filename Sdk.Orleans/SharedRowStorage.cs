using Microsoft.Extensions.DependencyInjection;
using Orleans.Storage;

namespace Fairway.Sdk.Orleans;

/// <summary>
/// One row for a grain in all its lanes, as lanes share one database. Activations of base and of lanes may write it, so a write
/// from a state read before another's is refused by the row's ETag: <see cref="InconsistentStateException"/>.
/// </summary>
internal sealed class SharedRowStorage(IGrainStorage inner) : IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        inner.ReadStateAsync(stateName, LaneGrainKey.Shared(grainId), grainState);

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        inner.WriteStateAsync(stateName, LaneGrainKey.Shared(grainId), grainState);

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        inner.ClearStateAsync(stateName, LaneGrainKey.Shared(grainId), grainState);
}

/// <summary>Storage of grains that run in lanes.</summary>
public static class SharedRowStorageExtensions
{
    /// <summary>Adds a provider that keeps one row a grain, whatever lane it runs in, in the provider <paramref name="over"/>.</summary>
    /// <example><code>silo.AddMemoryGrainStorage("rows").AddLaneGrainStorage("orders", over: "rows");</code></example>
    public static ISiloBuilder AddLaneGrainStorage(this ISiloBuilder silo, string name, string over) => silo.ConfigureServices(services =>
        services.AddKeyedSingleton<IGrainStorage>(name, (provider, _) => new SharedRowStorage(provider.GetRequiredKeyedService<IGrainStorage>(over))));
}
