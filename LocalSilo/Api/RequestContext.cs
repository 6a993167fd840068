using Fairway.LocalSilo;

namespace Orleans.Runtime;

/// <summary>
/// Values that go with every call made from here on: down the chain of calls, never back up. Each change copies,
/// so what a call took with it stays as it was.
/// </summary>
public static class RequestContext
{
    private const string ReentrancyKey = "#CCR";

    private static readonly AsyncLocal<Dictionary<string, object>?> Flowing = new();

    public static IEnumerable<string> Keys => Flowing.Value?.Keys ?? Enumerable.Empty<string>();

    public static IEnumerable<KeyValuePair<string, object>> Entries => Flowing.Value ?? Enumerable.Empty<KeyValuePair<string, object>>();

    /// <summary>The chain of calls that this one belongs to; empty where no grain on it allowed reentrancy.</summary>
    public static Guid ReentrancyId
    {
        get => ReentrancyIdOf(Flowing.Value);
        set
        {
            if (value == Guid.Empty)
            {
                Remove(ReentrancyKey);
            }
            else
            {
                Set(ReentrancyKey, value);
            }
        }
    }

    /// <summary>What a call made now takes with it. Never changed once it is here.</summary>
    internal static Dictionary<string, object>? Current
    {
        get => Flowing.Value;
        set => Flowing.Value = value;
    }

    public static object? Get(string key) => Flowing.Value is { } values && values.TryGetValue(key, out var value) ? value : null;

    public static void Set(string key, object value) =>
        Flowing.Value = new Dictionary<string, object>(Flowing.Value ?? []) { [key] = value };

    public static bool Remove(string key)
    {
        if (Flowing.Value is not { } values || !values.ContainsKey(key))
        {
            return false;
        }

        if (values.Count == 1)
        {
            Flowing.Value = null;
            return true;
        }

        var fewer = new Dictionary<string, object>(values);
        fewer.Remove(key);
        Flowing.Value = fewer;
        return true;
    }

    public static void Clear() => Flowing.Value = null;

    /// <summary>Until disposed, calls made from here may come back into this grain while it waits for them.</summary>
    public static ReentrancySection AllowCallChainReentrancy()
    {
        var outer = ReentrancyId;
        return new ReentrancySection(outer, outer == Guid.Empty ? Guid.NewGuid() : outer);
    }

    /// <summary>Until disposed, calls made from here may not come back into any grain on the chain.</summary>
    public static ReentrancySection SuppressCallChainReentrancy() => new(ReentrancyId, Guid.Empty);

    internal static Guid ReentrancyIdOf(Dictionary<string, object>? values) =>
        values is not null && values.TryGetValue(ReentrancyKey, out var id) && id is Guid guid ? guid : Guid.Empty;

    /// <summary>Restores, when disposed, the reentrancy that was before it.</summary>
    public readonly struct ReentrancySection : IDisposable
    {
        private readonly Guid _outer;
        private readonly Guid _inner;

        public ReentrancySection(Guid originalReentrancyId, Guid newReentrancyId)
        {
            _outer = originalReentrancyId;
            _inner = newReentrancyId;
            if (_inner != _outer)
            {
                ReentrancyId = _inner;
            }

            if (_inner != Guid.Empty)
            {
                Activation.Current?.EnterReentrantSection(_inner);
            }
        }

        public void Dispose()
        {
            if (_inner != Guid.Empty)
            {
                Activation.Current?.ExitReentrantSection(_inner);
            }

            if (_inner != _outer)
            {
                ReentrancyId = _outer;
            }
        }
    }
}
