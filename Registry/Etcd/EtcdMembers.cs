using Fairway.GrpcWire;
using Microsoft.Extensions.Logging;

namespace Fairway.Registry.Etcd;

/// <summary>A member of the cluster and the channel to it.</summary>
internal sealed record EtcdMember(int Index, GrpcChannel Channel);

/// <summary>The members in their order. All calls go to one, until it fails.</summary>
internal sealed class EtcdMembers : IDisposable
{
    private readonly EtcdMember[] _members;
    private readonly ILogger _logger;
    private readonly RegistryMetrics? _metrics;
    private int _current;

    public EtcdMembers(EtcdOptions options, TimeProvider time, ILogger logger, RegistryMetrics? metrics)
    {
        _logger = logger;
        _metrics = metrics;
        var channel = new GrpcChannelOptions
        {
            Time = time,
            ConnectTimeout = options.ConnectTimeout,
            KeepAlivePingDelay = options.PingInterval,
            KeepAlivePingTimeout = options.ProgressTimeout < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : options.ProgressTimeout,
            MaxMessageBytes = options.MaxMessageBytes,
        };
        _members = [.. options.Endpoints.Select((endpoint, index) => new EtcdMember(index, new GrpcChannel(new Uri(endpoint), channel)))];
    }

    public int Count => _members.Length;

    public long Connections => _members.Sum(static member => member.Channel.Connections);

    public EtcdMember Current => _members[Volatile.Read(ref _current)];

    /// <summary>Goes on to the next member, unless another caller did so already.</summary>
    public void Leave(EtcdMember failed, string reason)
    {
        var next = (failed.Index + 1) % _members.Length;
        if (next != failed.Index && Interlocked.CompareExchange(ref _current, next, failed.Index) == failed.Index)
        {
            Log.FailedOver(_logger, failed.Channel.Address, reason, _members[next].Channel.Address);
            _metrics?.FailedOver();
        }
    }

    public void Dispose()
    {
        foreach (var member in _members)
        {
            member.Channel.Dispose();
        }
    }
}
