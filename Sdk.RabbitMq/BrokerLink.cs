using Fairway.Sdk.Registration;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Fairway.Sdk.RabbitMq;

/// <summary>What each link needs of its host.</summary>
public sealed record BrokerContext(BrokerOptions Options, BrokerMetrics Metrics, TimeProvider Time, ILogger Logger);

/// <summary>
/// One connection to the broker, made again with backoff whenever it is lost. The client's own recovery is off: it would declare and
/// consume behind the back of those who must know that their deliveries are void.
/// </summary>
/// <param name="name">Shown on the broker, in logs and in metrics.</param>
/// <param name="session">
/// What to do with a connection. It ends when its token does, which is when the connection is lost or the link disposed; ending sooner
/// or failing makes a new connection.
/// </param>
public sealed class BrokerLink(BrokerContext context, string name, Func<IConnection, CancellationToken, Task> session) : IAsyncDisposable
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    public string Name => name;

    /// <summary>Begins to connect; returns at once.</summary>
    public void Start() => _running = Task.Run(RunAsync);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        context.Metrics.Closed(name);
    }

    private async Task RunAsync()
    {
        var backoff = new Backoff();
        while (!_stop.IsCancellationRequested)
        {
            var reason = "the session ended";
            var began = context.Time.GetTimestamp();
            try
            {
                await ConnectAsync();
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (OperationCanceledException)
            {
                reason = "the connection was lost";
            }
            catch (Exception failure)
            {
                reason = failure.InnerException?.Message ?? failure.Message;
            }

            if (context.Time.GetElapsedTime(began) > Settled)
            {
                backoff.Reset();
            }

            var wait = backoff.Next();
            context.Metrics.Lost(name);
            context.Logger.Away(name, reason, wait);
            await Task.Delay(wait, context.Time, _stop.Token).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    private async Task ConnectAsync()
    {
        var (factory, endpoints) = Factory();
        await using var connection = await factory.CreateConnectionAsync(endpoints, name, _stop.Token);
        using var lost = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        connection.ConnectionShutdownAsync += (_, _) =>
        {
            _ = Task.Run(() => Cancel(lost)); // not within the connection's own shutdown, which the session may wait for
            return Task.CompletedTask;
        };
        context.Metrics.Connected(name);
        context.Logger.Connected(name, connection.Endpoint.ToString());
        if (connection.IsOpen)
        {
            await session(connection, lost.Token);
        }
    }

    private static void Cancel(CancellationTokenSource lost)
    {
        try
        {
            lost.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // the session ended first
        }
    }

    private (ConnectionFactory Factory, List<AmqpTcpEndpoint> Endpoints) Factory()
    {
        var members = context.Options.Members();
        var factory = new ConnectionFactory
        {
            Uri = new Uri(members[0]),
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            RequestedHeartbeat = TimeSpan.FromSeconds(context.Options.HeartbeatSeconds),
            RequestedConnectionTimeout = TimeSpan.FromSeconds(context.Options.ConnectSeconds),
            ContinuationTimeout = TimeSpan.FromSeconds(Math.Max(10, context.Options.ConnectSeconds)),
        };
        return (factory, [.. members.Select(member => new AmqpTcpEndpoint(new Uri(member)))]);
    }
}
