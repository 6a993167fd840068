using Fairway.Exporter.Tests.Hosting;
using Fairway.Registry.Memory;
using Microsoft.Extensions.Options;

namespace Fairway.Exporter.Tests;

public sealed class ExporterOptionsTests
{
    [Theory]
    [InlineData("Id", "a/b", "Id must be")]
    [InlineData("Id", "http", "'http' is taken")]
    [InlineData("LeaseSeconds", "4", "LeaseSeconds must be 5 to 10")]
    [InlineData("CheckInterval", "0", "CheckInterval must be 10 ms to 1 min")]
    [InlineData("MaxConcurrentChecks", "0", "MaxConcurrentChecks must be positive")]
    [InlineData("Port", "70000", "Port must be 0 to 65535")]
    [InlineData("Listen", "somewhere", "Listen must be an IP address, not 'somewhere'")]
    public async Task Start_BadOption_IsRefusedByName(string option, string value, string message)
    {
        using var registry = new MemoryRegistry();

        var refused = await Assert.ThrowsAsync<OptionsValidationException>(
            () => ExporterHost.StartAsync(registry, ($"Exporter:{option}", value)));

        Assert.Contains(message, refused.Message);
    }
}
