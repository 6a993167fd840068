using Fairway.Exporter.Fleet;

namespace Fairway.Exporter;

/// <summary>Prints <c>READY http://127.0.0.1:N</c> once the instances were listed and the port is bound.</summary>
internal sealed class ReadyLine(InstanceWatch watch, ListenAddress address) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await watch.Listed.WaitAsync(stoppingToken);
            var bound = await address.Bound.WaitAsync(stoppingToken);
            Console.WriteLine($"READY {bound.GetLeftPart(UriPartial.Authority)}");
        }
        catch (OperationCanceledException)
        {
            // Stopped before it was ready.
        }
    }
}
