using Fairway.GrpcWire;
using Fairway.GrpcWire.Health;

namespace Fairway.Exporter.Probing;

/// <summary>
/// <c>grpc.health.v1.Health/Check</c> of the server as a whole. UNIMPLEMENTED is alive: a server that answers it lives,
/// it only lacks the service.
/// </summary>
public sealed class GrpcHealthCheck(Func<GrpcChannel> connect, TimeSpan deadline) : IHealthCheck
{
    private readonly GrpcCallOptions _options = new() { Deadline = deadline };

    /// <summary>The connection in use; load streams run on it too.</summary>
    public GrpcChannel Channel { get; private set; } = connect();

    public async Task<CheckResult> CheckAsync(CancellationToken ct)
    {
        try
        {
            var answer = await Channel.UnaryAsync(WellKnown.HealthCheck, new HealthCheckRequest(), _options, ct);
            return answer.Status switch
            {
                HealthCheckResponse.Types.ServingStatus.Serving => CheckResult.Alive,
                HealthCheckResponse.Types.ServingStatus.NotServing => new(CheckOutcome.NotServing, "NOT_SERVING"),
                var status => new(CheckOutcome.Failed, $"health status {status}"),
            };
        }
        catch (GrpcException e) when (e.Status == GrpcStatus.Unimplemented)
        {
            return CheckResult.Alive;
        }
        catch (GrpcException e)
        {
            ct.ThrowIfCancellationRequested();
            return Failures.Of(e, e.Message);
        }
    }

    public void Reconnect()
    {
        Channel.Dispose();
        Channel = connect();
    }

    public void Dispose() => Channel.Dispose();
}
