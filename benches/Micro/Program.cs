using Fairway.Micro;
using Fairway.Report;

return await BenchArguments.DispatchAsync(args, new Dictionary<string, Func<BenchArguments, Task<int>>>
{
    ["window"] = WindowBench.RunAsync,
    ["lanes"] = LanesBench.RunAsync,
    ["grain-calls"] = GrainCallsBench.RunAsync,
});
