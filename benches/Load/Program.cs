using Fairway.Load;
using Fairway.Report;

return args is ["bare", var file]
    ? await BareServer.RunAsync(file)
    : await BenchArguments.DispatchAsync(args, new Dictionary<string, Func<BenchArguments, Task<int>>>
    {
        ["best-list"] = BestListBench.RunAsync,
        ["freshness"] = FreshnessBench.RunAsync,
    });
