using System.Collections.Concurrent;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;

namespace Fairway.LocalSilo;

/// <summary>
/// Keeps states in memory, as copies, so that what a grain goes on to change is not stored before it writes. As in Orleans,
/// all memory storages of a silo are one: their records bear the names of the state and the grain, not that of the storage.
/// </summary>
internal sealed class MemoryStorage : IGrainStorage
{
    private readonly ConcurrentDictionary<(string State, GrainId Grain), Record> _records = new();
    private long _version;

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (_records.TryGetValue((stateName, grainId), out var record))
        {
            grainState.State = (T?)StateCopier.Copy(record.State);
            grainState.ETag = record.ETag;
            grainState.RecordExists = true;
        }
        else
        {
            Reset(grainState);
        }

        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var key = (stateName, grainId);
        var next = new Record(StateCopier.Copy(grainState.State), Interlocked.Increment(ref _version).ToString());
        var written = grainState.ETag is null
            ? _records.TryAdd(key, next)
            : _records.TryGetValue(key, out var stored) && stored.ETag == grainState.ETag && _records.TryUpdate(key, next, stored);
        if (!written)
        {
            throw Conflict(key, grainState.ETag);
        }

        grainState.ETag = next.ETag;
        grainState.RecordExists = true;
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var key = (stateName, grainId);
        if (_records.TryGetValue(key, out var stored)
            && (stored.ETag != grainState.ETag || !_records.TryRemove(new(key, stored))))
        {
            throw Conflict(key, grainState.ETag);
        }

        Reset(grainState);
        return Task.CompletedTask;
    }

    private static void Reset<T>(IGrainState<T> grainState)
    {
        grainState.State = StateCopier.CanCreate(typeof(T)) ? Activator.CreateInstance<T>() : default;
        grainState.ETag = null;
        grainState.RecordExists = false;
    }

    private InconsistentStateException Conflict((string State, GrainId Grain) key, string? eTag) =>
        new($"Version conflict of the state '{key.State}' of {key.Grain}.", _records.TryGetValue(key, out var stored) ? stored.ETag : null, eTag);

    private sealed record Record(object? State, string ETag);
}
