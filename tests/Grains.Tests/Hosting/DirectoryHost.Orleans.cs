namespace Fairway.Grains.Tests.Hosting;

internal sealed partial class DirectoryHost
{
    /// <summary>Ends every activation that may be ended for being idle; Orleans measures that with a stopwatch of its own.</summary>
    public Task CollectIdleAsync() => Grains.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.FromMilliseconds(1));
}
