using Fairway.Cluster;
using Fairway.Report;

return await BenchArguments.DispatchAsync(args, new Dictionary<string, Func<BenchArguments, Task<int>>>
{
    ["cluster"] = ClusterBench.RunAsync,
});
