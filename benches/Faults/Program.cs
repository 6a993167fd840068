using Fairway.Faults;
using Fairway.Report;

return await BenchArguments.DispatchAsync(args, new Dictionary<string, Func<BenchArguments, Task<int>>>
{
    ["faults"] = FaultsBench.RunAsync,
});
