using System.Diagnostics.CodeAnalysis;

namespace Fairway.Gateway.Jobs.Shared;

/// <summary>The jobs of this process, as many as its worker runs at most.</summary>
internal sealed class JobRoom(int places)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string User, long Version), HeldJob> _held = [];
    private int _free = places;

    public (string User, long Version)[] Held
    {
        get
        {
            lock (_gate)
            {
                return [.. _held.Keys];
            }
        }
    }

    public bool TryFind(string user, long version, [NotNullWhen(true)] out HeldJob? job)
    {
        lock (_gate)
        {
            return _held.TryGetValue((user, version), out job);
        }
    }

    /// <summary>Takes all free places and returns how many; each is for <see cref="Enter"/> or <see cref="Free"/>.</summary>
    public int Reserve()
    {
        lock (_gate)
        {
            var all = _free;
            _free = 0;
            return all;
        }
    }

    /// <summary>Gives back places that no job came to.</summary>
    public void Free(int count)
    {
        lock (_gate)
        {
            _free += count;
        }
    }

    /// <summary>Puts a job into a reserved place. False: it is here already, and the place stays reserved.</summary>
    public bool Enter(string user, long version)
    {
        lock (_gate)
        {
            return _held.TryAdd((user, version), new HeldJob(user, version));
        }
    }

    /// <summary>Puts a job into a free place; false where there is none. <paramref name="job"/> is null where it was here already.</summary>
    public bool TryEnter(string user, long version, out HeldJob? job)
    {
        lock (_gate)
        {
            job = null;
            if (_held.ContainsKey((user, version)))
            {
                return true;
            }

            if (_free == 0)
            {
                return false;
            }

            _free--;
            _held.Add((user, version), job = new HeldJob(user, version));
            return true;
        }
    }

    /// <summary>The job is here no more, and its place is free. Changes nothing the second time.</summary>
    public void Leave(HeldJob job)
    {
        lock (_gate)
        {
            if (_held.TryGetValue((job.User, job.Version), out var held) && held == job)
            {
                _held.Remove((job.User, job.Version));
                _free++;
            }
        }
    }
}

/// <summary>A job of this process.</summary>
internal sealed class HeldJob(string user, long version)
{
    private volatile bool _isMarked;

    public string User => user;

    public long Version => version;

    public bool IsMarked
    {
        get => _isMarked;
        set => _isMarked = value;
    }
}
