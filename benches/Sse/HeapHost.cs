using Fairway.Gateway;

namespace Fairway.Sse;

/// <summary>The Gateway as it is, with one call more: <c>GET /bench/heap</c> collects everything and tells what is live.</summary>
internal static class HeapHost
{
    public static async Task<int> RunAsync(string[] args)
    {
        var app = GatewayApp.Build(args);
        app.MapGet("/bench/heap", () =>
        {
            for (var i = 0; i < 3; i++)
            {
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                GC.WaitForPendingFinalizers();
            }

            return GC.GetTotalMemory(forceFullCollection: true).ToString(System.Globalization.CultureInfo.InvariantCulture);
        });
        await app.RunAsync();
        return 0;
    }
}
