using Fairway.Edge;
using Fairway.Report;

return await BenchArguments.DispatchAsync(args, new Dictionary<string, Func<BenchArguments, Task<int>>>
{
    ["edge-pick"] = PickBench.RunAsync,
    ["edge-freshness"] = EdgeFreshnessBench.RunAsync,
    ["edge-tail"] = TailBench.RunAsync,
});
