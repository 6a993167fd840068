namespace Fairway.Sdk.Load;

/// <summary>What this process has used; a seam so that tests need not burn processor time.</summary>
internal interface IProcessUsage
{
    /// <summary>Processor time since the start, user and system.</summary>
    TimeSpan CpuTime { get; }

    /// <summary>Resident memory in bytes.</summary>
    long ResidentBytes { get; }

    /// <summary>What it is granted.</summary>
    CgroupLimits Limits { get; }
}

/// <summary>The figures of the running process.</summary>
internal sealed class ProcessUsage : IProcessUsage
{
    public TimeSpan CpuTime => Environment.CpuUsage.TotalTime;

    public long ResidentBytes => Environment.WorkingSet;

    public CgroupLimits Limits { get; } = CgroupLimits.Read("/", Environment.ProcessorCount);
}
