using Fairway.Queues;
using Fairway.Report;

return await BenchArguments.DispatchAsync(args, new Dictionary<string, Func<BenchArguments, Task<int>>>
{
    ["lane-queue"] = LaneQueueBench.RunAsync,
});
