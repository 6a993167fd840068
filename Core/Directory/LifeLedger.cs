namespace Fairway.Core.Directory;

/// <summary>
/// Who holds which instance down. A batch lists all its exporter holds down, so one that it no longer lists is
/// cleared; what an exporter said last stands after its lease is lost, until another speaks of that instance.
/// </summary>
internal sealed class LifeLedger
{
    private readonly Dictionary<StatusSource, StatusChannel> _channels = [];
    private readonly Dictionary<string, List<StatusChannel>> _holders = new(StringComparer.Ordinal);

    /// <summary>Whether anyone holds the instance down.</summary>
    public bool IsDown(string id) => _holders.ContainsKey(id);

    /// <summary>Takes in a batch; returns the channel it came by.</summary>
    public StatusChannel Apply(StatusSource source, StatusBatch batch)
    {
        if (!_channels.TryGetValue(source, out var channel))
        {
            _channels[source] = channel = new StatusChannel(source);
        }

        channel.IsLive = true;
        if (!channel.IsHttp && channel.Downs.Count > 0)
        {
            var held = batch.Items.Where(item => item.Life is Life.Down).Select(item => item.Id).ToHashSet(StringComparer.Ordinal);
            foreach (var id in channel.Downs.Where(id => !held.Contains(id)).ToList())
            {
                Release(id, channel);
            }
        }

        foreach (var item in batch.Items)
        {
            if (item.Life is not Life.Unstated)
            {
                State(item.Id, channel, item.Life is Life.Down);
            }
        }

        return channel;
    }

    /// <summary>The lease behind the channel is gone.</summary>
    public void Drop(StatusSource source)
    {
        if (_channels.TryGetValue(source, out var channel))
        {
            channel.IsLive = false;
            ForgetIfDone(channel);
        }
    }

    /// <summary>The instance is no longer registered: all that was said of it is void.</summary>
    public void Forget(string id)
    {
        if (_holders.Remove(id, out var holders))
        {
            foreach (var holder in holders)
            {
                holder.Downs.Remove(id);
                ForgetIfDone(holder);
            }
        }
    }

    private void State(string id, StatusChannel channel, bool down)
    {
        if (_holders.TryGetValue(id, out var holders))
        {
            foreach (var gone in holders.Where(holder => !holder.IsLive).ToList())
            {
                Release(id, gone);
            }
        }

        if (!down)
        {
            Release(id, channel);
        }
        else if (channel.Downs.Add(id))
        {
            if (!_holders.TryGetValue(id, out holders))
            {
                _holders[id] = holders = [];
            }

            holders.Add(channel);
        }
    }

    private void Release(string id, StatusChannel channel)
    {
        if (!channel.Downs.Remove(id))
        {
            return;
        }

        var holders = _holders[id];
        holders.Remove(channel);
        if (holders.Count == 0)
        {
            _holders.Remove(id);
        }

        ForgetIfDone(channel);
    }

    private void ForgetIfDone(StatusChannel channel)
    {
        if (!channel.IsLive && channel.Downs.Count == 0)
        {
            _channels.Remove(channel.Source);
        }
    }
}

/// <summary>One chunk of one exporter.</summary>
internal sealed class StatusChannel(StatusSource source)
{
    public StatusSource Source { get; } = source;

    /// <summary>Its lease lives.</summary>
    public bool IsLive { get; set; }

    /// <summary>What it holds down.</summary>
    public HashSet<string> Downs { get; } = new(StringComparer.Ordinal);

    public bool IsHttp => string.Equals(Source.Exporter, StatusBatch.HttpExporter, StringComparison.Ordinal);
}
