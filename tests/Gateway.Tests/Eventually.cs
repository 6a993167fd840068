namespace Fairway.Gateway.Tests;

/// <summary>Waits for what another thread or process brings about, for a bounded time.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    public static Task IsTrueAsync(Func<bool> condition, Func<string>? tell = null) => IsTrueAsync(() => Task.FromResult(condition()), tell);

    public static async Task IsTrueAsync(Func<Task<bool>> condition, Func<string>? tell = null)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Limit, $"It did not come about in {Limit}. {tell?.Invoke()}");
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
    }
}
