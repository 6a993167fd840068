namespace Fairway.Grains.Tests.Hosting;

internal sealed partial class DirectoryHost
{
    /// <summary>Ends every activation that may be ended for being idle: its age passes on the injected clock.</summary>
    public async Task CollectIdleAsync()
    {
        for (var passed = 0; passed < 150; passed++)
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            await Directory.Wake();
        }
    }
}
