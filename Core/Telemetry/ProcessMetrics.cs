using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Fairway.Core.Telemetry;

/// <summary>The basics of the process itself, under the names Prometheus client libraries agreed on.</summary>
public static class ProcessMetrics
{
    /// <summary>Whether an instrument of the runtime's own meter says again what is said here.</summary>
    public static bool IsTwin(Instrument instrument)
    {
        ArgumentNullException.ThrowIfNull(instrument);
        return instrument.Meter.Name == "System.Runtime"
            && instrument.Name is "dotnet.process.cpu.time" or "dotnet.process.memory.working_set" or "dotnet.gc.last_collection.heap.size"
                or "dotnet.gc.pause.time" or "dotnet.thread_pool.thread.count";
    }

    /// <summary>Adds the instruments to a meter.</summary>
    public static void AddTo(Meter meter)
    {
        using var process = Process.GetCurrentProcess();
        var started = new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000.0;
        meter.CreateObservableGauge("process_start_time_seconds", () => started, description: "When the process started, in Unix time.");
        meter.CreateObservableCounter(
            "process_cpu_seconds_total", () => Environment.CpuUsage.TotalTime.TotalSeconds, description: "Processor time spent.");
        meter.CreateObservableGauge("process_resident_memory_bytes", () => Environment.WorkingSet, description: "Resident memory.");
        meter.CreateObservableGauge(
            "dotnet_gc_heap_size_bytes", () => GC.GetGCMemoryInfo().HeapSizeBytes, description: "Managed heap after the last collection.");
        meter.CreateObservableCounter(
            "dotnet_gc_pause_seconds_total", () => GC.GetTotalPauseDuration().TotalSeconds, description: "Time paused by collections.");
        meter.CreateObservableGauge(
            "dotnet_thread_pool_threads", () => ThreadPool.ThreadCount, description: "Threads of the pool.");
    }
}
