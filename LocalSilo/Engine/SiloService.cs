using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace Fairway.LocalSilo;

/// <summary>Starts the silo with the host, unless something it would run is refused, and stops it with the host.</summary>
internal sealed class SiloService(Silo silo, IOptions<LocalSiloOptions> options, IEnumerable<StartupTask> tasks) : IHostedService
{
    /// <exception cref="OrleansConfigurationException">Something the real engine would fail on later; the message lists all of it.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var parts = new ApplicationParts(options.Value.Assemblies);
        Refusals.ThrowIfAny(parts);
        silo.Start(new GrainClasses(parts.GrainClasses, silo.Collection));
        foreach (var task in tasks.OrderBy(task => task.Stage))
        {
            await task.Run(silo.Services, cancellationToken);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => silo.StopAsync(cancellationToken);
}
