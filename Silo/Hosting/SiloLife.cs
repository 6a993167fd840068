using Fairway.Silo.Membership;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace Fairway.Silo.Hosting;

/// <summary>
/// Prints <c>READY url</c> once the silo takes part in the cluster. At the end it first is not ready any more, so that
/// nobody sends it anything new, and lets the engine go only then: that stops taking calls, ends those under way, and moves its grains.
/// </summary>
internal sealed class SiloLife(
    IMembershipView membership, LeaveState leave, IServer server, IOptions<SiloHostOptions> options, TimeProvider time, ILogger<SiloLife> logger)
    : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        Console.WriteLine($"SILO {membership.State}");
        Console.WriteLine($"READY {server.Features.Get<IServerAddressesFeature>()!.Addresses.First()}");
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        leave.Begin();
        logger.Leaving(options.Value.LeaveSeconds);
        await Task.Delay(TimeSpan.FromSeconds(options.Value.LeaveSeconds), time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
