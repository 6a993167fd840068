using Fairway.Report;

namespace Fairway.Cluster;

internal static class ClusterBench
{
    public static Task<int> RunAsync(BenchArguments arguments)
    {
        Console.WriteLine("cluster: skipped (ENGINE_IS_LOCAL: this was built for the engine 'local', which forms no cluster)");
        return Task.FromResult(BenchReport.Reached);
    }
}
