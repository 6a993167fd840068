using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace Fairway.LocalSilo;

internal static class PersistentState
{
    private const string Default = "Default";

    /// <summary>Makes what a constructor parameter marked <see cref="PersistentStateAttribute"/> is given.</summary>
    /// <exception cref="BadProviderConfigException">No storage provider of that name.</exception>
    public static object Create(ParameterInfo parameter, Activation activation)
    {
        var named = parameter.GetCustomAttribute<PersistentStateAttribute>()!;
        var storage = activation.ActivationServices.GetKeyedService<IGrainStorage>(named.StorageName ?? Default)
            ?? throw new BadProviderConfigException($"{activation.Class.Type} keeps '{named.StateName}' in the storage '{named.StorageName ?? Default}', which is not configured.");
        var state = parameter.ParameterType.GetGenericArguments()[0];
        return Activator.CreateInstance(typeof(PersistentState<>).MakeGenericType(state), named.StateName, activation.GrainId, storage)!;
    }
}

/// <summary>One state of one activation, over its storage provider.</summary>
internal sealed class PersistentState<T>(string name, GrainId grain, IGrainStorage storage) : IPersistentState<T>
{
    private readonly GrainState<T> _state = new(Fresh());

    public T State
    {
        get => _state.State!;
        set => _state.State = value;
    }

    public string? Etag => _state.ETag;

    public bool RecordExists => _state.RecordExists;

    public Task ReadStateAsync() => storage.ReadStateAsync(name, grain, _state);

    public Task WriteStateAsync() => storage.WriteStateAsync(name, grain, _state);

    public Task ClearStateAsync() => storage.ClearStateAsync(name, grain, _state);

    public Task ReadStateAsync(CancellationToken cancellationToken) => Unless(ReadStateAsync, cancellationToken);

    public Task WriteStateAsync(CancellationToken cancellationToken) => Unless(WriteStateAsync, cancellationToken);

    public Task ClearStateAsync(CancellationToken cancellationToken) => Unless(ClearStateAsync, cancellationToken);

    private static Task Unless(Func<Task> act, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested ? Task.FromCanceled(cancellationToken) : act();

    private static T? Fresh() => StateCopier.CanCreate(typeof(T)) ? Activator.CreateInstance<T>() : default;
}
