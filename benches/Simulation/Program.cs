using Fairway.Report;
using Fairway.Simulation;

return await BenchArguments.DispatchAsync(args, new Dictionary<string, Func<BenchArguments, Task<int>>>
{
    ["simulation"] = SimulationBench.RunAsync,
});
