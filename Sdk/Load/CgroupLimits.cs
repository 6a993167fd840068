using System.Globalization;

namespace Fairway.Sdk.Load;

/// <summary>
/// What this process is granted: processors (a fraction is possible) and bytes of memory. Read from
/// cgroup v2 (<c>cpu.max</c>, <c>memory.max</c>) or v1 (<c>cpu.cfs_quota_us</c>, <c>memory.limit_in_bytes</c>);
/// a limit holds for everything below it, so the smallest on the way up to the mount counts. Without any,
/// the machine's processors and memory.
/// </summary>
/// <param name="Cpus">Processors granted, above 0.</param>
/// <param name="MemoryBytes">Bytes granted; 0 when not even the machine's memory can be read.</param>
internal readonly record struct CgroupLimits(double Cpus, long MemoryBytes)
{
    /// <param name="root">The root of the file system; tests give a folder of fixtures.</param>
    /// <param name="processors">Processors of the machine that this process may use.</param>
    public static CgroupLimits Read(string root, int processors)
    {
        double cpus = processors;
        var memory = ReadMachineMemory(root);
        foreach (var folder in CgroupFolders.Find(root, "cpu"))
        {
            cpus = Math.Min(cpus, ReadCpus(folder) ?? cpus);
        }

        foreach (var folder in CgroupFolders.Find(root, "memory"))
        {
            var limit = ReadNumber(Path.Combine(folder, "memory.max")) ?? ReadNumber(Path.Combine(folder, "memory.limit_in_bytes"));
            if (limit is > 0 && (memory == 0 || limit < memory))
            {
                memory = limit.Value;
            }
        }

        return new CgroupLimits(cpus, memory);
    }

    private static double? ReadCpus(string folder)
    {
        if (ReadText(Path.Combine(folder, "cpu.max"))?.Split(' ') is [var max, var every])
        {
            return Ratio(ParseNumber(max), ParseNumber(every));
        }

        return Ratio(
            ReadNumber(Path.Combine(folder, "cpu.cfs_quota_us")),
            ReadNumber(Path.Combine(folder, "cpu.cfs_period_us")));
    }

    /// <summary>A quota of <c>max</c> or -1 is none.</summary>
    private static double? Ratio(long? quota, long? period) =>
        quota is > 0 && period is > 0 ? (double)quota.Value / period.Value : null;

    private static long ReadMachineMemory(string root)
    {
        const string label = "MemTotal:";
        var line = ReadText(Path.Combine(root, "proc/meminfo"))?.Split('\n')
            .FirstOrDefault(text => text.StartsWith(label, StringComparison.Ordinal));
        return line != null && ParseNumber(line[label.Length..].Replace("kB", "", StringComparison.Ordinal)) is { } kilobytes
            ? kilobytes * 1024
            : 0;
    }

    private static long? ReadNumber(string path) => ParseNumber(ReadText(path));

    private static long? ParseNumber(string? text) =>
        long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string? ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
