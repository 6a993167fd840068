using System.Collections.Concurrent;
using RabbitMQ.Client;

namespace Fairway.Sdk.RabbitMq;

/// <summary>Declares what is published to once a connection, whoever asks first.</summary>
internal sealed class OncePerConnection
{
    private readonly ConcurrentDictionary<(IConnection Connection, string Name), Task> _declared = new();

    /// <exception cref="BrokerAwayException">The broker is away, or refused; the next caller tries again.</exception>
    public async Task EnsureAsync(IConnection? connection, string name, Func<IConnection, Task> declare)
    {
        if (connection is null)
        {
            throw new BrokerAwayException(mayHaveArrived: false);
        }

        var key = (connection, name);
        if (_declared.TryGetValue(key, out var known) && known.IsCompletedSuccessfully)
        {
            return;
        }

        try
        {
            await _declared.GetOrAdd(key, missing => declare(missing.Connection));
        }
        catch (Exception failure)
        {
            _declared.TryRemove(key, out _);
            throw new BrokerAwayException(mayHaveArrived: false, failure);
        }

        foreach (var old in _declared.Keys.Where(old => old.Connection != connection))
        {
            _declared.TryRemove(old, out _);
        }
    }

    /// <summary>It is gone from the broker: the next caller declares it again.</summary>
    public void Forget(string name)
    {
        foreach (var key in _declared.Keys.Where(key => key.Name == name))
        {
            _declared.TryRemove(key, out _);
        }
    }
}
