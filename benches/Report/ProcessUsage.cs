using System.Diagnostics;

namespace Fairway.Report;

/// <summary>What another process has taken of the machine so far.</summary>
public readonly record struct ProcessUsage(double ResidentBytes, double ProcessorSeconds)
{
    public static ProcessUsage Of(int pid)
    {
        using var process = Process.GetProcessById(pid);
        return new ProcessUsage(process.WorkingSet64, process.TotalProcessorTime.TotalSeconds);
    }
}
