using Microsoft.Extensions.Hosting;

namespace Fairway.Gateway.Tests.Brokers;

/// <summary>A process that never stops.</summary>
internal sealed class Lifetime : IHostApplicationLifetime
{
    public CancellationToken ApplicationStarted => CancellationToken.None;

    public CancellationToken ApplicationStopping => CancellationToken.None;

    public CancellationToken ApplicationStopped => CancellationToken.None;

    public void StopApplication()
    {
    }
}
