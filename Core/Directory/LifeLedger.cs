namespace Fairway.Core.Directory;

/// <summary>
/// Who holds which instance down. A batch lists all its exporter holds down, so one that it no longer lists is
/// cleared; what an exporter said last stands after its lease is lost, or after it yielded the instance, until another speaks of
/// that instance. If another spoke since, that one's word is the last.
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
            var held = batch.Items.Where(item => item.Life is Life.Down or Life.Yielded).Select(item => item.Id).ToHashSet(StringComparer.Ordinal);
            foreach (var id in channel.Downs.Keys.Where(id => !held.Contains(id)).ToList())
            {
                Release(id, channel);
            }
        }

        foreach (var item in batch.Items)
        {
            if (item.Life is not Life.Unstated)
            {
                State(item.Id, channel, item.Life);
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
            foreach (var (id, _) in channel.Downs.Where(down => down.Value.IsAnswered).ToList())
            {
                Release(id, channel);
            }

            ForgetIfDone(channel);
        }
    }

    /// <summary>The instance is no longer registered: all that was said of it is void.</summary>
    public void Forget(string id)
    {
        _holders.Remove(id);
        foreach (var channel in _channels.Values.Where(channel => channel.Downs.Remove(id)).ToList())
        {
            ForgetIfDone(channel);
        }
    }

    private void State(string id, StatusChannel channel, Life life)
    {
        if (life is not Life.Yielded)
        {
            Answer(id, channel);
        }

        if (life is Life.Up)
        {
            Release(id, channel);
            return;
        }

        if (!channel.Downs.TryGetValue(id, out var mark) || (mark.IsYielded && life is Life.Down))
        {
            channel.Downs[id] = mark = new DownMark();
            Hold(id, channel);
        }

        mark.IsYielded = life is Life.Yielded;
        if (mark is { IsYielded: true, IsAnswered: true })
        {
            Void(id, channel);
        }
    }

    /// <summary>Another channel speaks of the instance: those that no longer probe it are overruled, the others will be when they yield.</summary>
    private void Answer(string id, StatusChannel speaker)
    {
        if (!_holders.TryGetValue(id, out var holders))
        {
            return;
        }

        foreach (var holder in holders.Where(holder => holder != speaker).ToList())
        {
            var mark = holder.Downs[id];
            mark.IsAnswered = true;
            if (!holder.IsLive)
            {
                Release(id, holder);
            }
            else if (mark.IsYielded)
            {
                Void(id, holder); // its coming batches name it still
            }
        }
    }

    private void Hold(string id, StatusChannel channel)
    {
        if (!_holders.TryGetValue(id, out var holders))
        {
            _holders[id] = holders = [];
        }

        if (!holders.Contains(channel))
        {
            holders.Add(channel);
        }
    }

    private void Void(string id, StatusChannel channel)
    {
        if (_holders.TryGetValue(id, out var holders) && holders.Remove(channel) && holders.Count == 0)
        {
            _holders.Remove(id);
        }
    }

    private void Release(string id, StatusChannel channel)
    {
        if (channel.Downs.Remove(id))
        {
            Void(id, channel);
            ForgetIfDone(channel);
        }
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

    /// <summary>What it holds down, by instance id.</summary>
    public Dictionary<string, DownMark> Downs { get; } = new(StringComparer.Ordinal);

    public bool IsHttp => string.Equals(Source.Exporter, StatusBatch.HttpExporter, StringComparison.Ordinal);
}

/// <summary>One instance held down by one channel.</summary>
internal sealed class DownMark
{
    /// <summary>The holder no longer probes it; the next word of another counts.</summary>
    public bool IsYielded { get; set; }

    /// <summary>Another channel spoke of it since.</summary>
    public bool IsAnswered { get; set; }
}
