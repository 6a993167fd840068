using Fairway.Report;
using Fairway.Sse;

return args switch
{
    ["kestrel"] => await KestrelPeer.RunAsync(),
    ["gateway", .. var rest] => await HeapHost.RunAsync(rest),
    _ => await BenchArguments.DispatchAsync(args, new Dictionary<string, Func<BenchArguments, Task<int>>>
    {
        ["sse-memory"] = MemoryBench.RunAsync,
        ["sse-latency"] = LatencyBench.RunAsync,
        ["relay-overhead"] = OverheadBench.RunAsync,
        ["abandon"] = AbandonBench.RunAsync,
        ["storm"] = StormBench.RunAsync,
    }),
};
