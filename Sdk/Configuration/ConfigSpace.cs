namespace Fairway.Sdk.Configuration;

/// <summary>One namespace as it is known now, and who wants to hear of changes.</summary>
internal sealed class ConfigSpace(ConfigValues values)
{
    private readonly Lock _gate = new();
    private readonly List<Action<ConfigValues>> _listeners = [];
    private readonly TaskCompletionSource _firstRead = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ConfigValues _values = values;
    private volatile bool _isStale = true;

    public ConfigValues Values => _values;

    public bool IsStale => _isStale;

    /// <summary>Ends when the source was read once.</summary>
    public Task FirstRead => _firstRead.Task;

    /// <summary>Whether any value differs from what is known, or these are the first.</summary>
    public bool IsNews(ConfigValues read) => !_firstRead.Task.IsCompleted || !read.HoldsSame(_values);

    /// <summary>Takes what was read, and tells those who listen if it is news.</summary>
    public void Accept(ConfigValues read)
    {
        lock (_gate)
        {
            var isNews = IsNews(read);
            _values = read;
            _isStale = false;
            if (isNews)
            {
                foreach (var listener in _listeners.ToArray())
                {
                    listener(read);
                }
            }

            _firstRead.TrySetResult();
        }
    }

    /// <summary>The source is away. Returns whether that is news.</summary>
    public bool Lost()
    {
        var isNews = !_isStale || !_firstRead.Task.IsCompleted;
        _isStale = true;
        return isNews;
    }

    public IDisposable OnChange(Action<ConfigValues> listener)
    {
        lock (_gate)
        {
            _listeners.Add(listener);
        }

        return new Subscription(this, listener);
    }

    private sealed class Subscription(ConfigSpace space, Action<ConfigValues> listener) : IDisposable
    {
        public void Dispose()
        {
            lock (space._gate)
            {
                space._listeners.Remove(listener);
            }
        }
    }
}
