using Fairway.Sdk.Load;
using Fairway.Testing;

namespace Fairway.Sdk.Tests.Load;

public sealed class CgroupLimitsTests : IDisposable
{
    private const long Mib = 1024 * 1024;
    private const string V2Mount = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw";

    private readonly TempFolder _root = new();

    public CgroupLimitsTests() => File("proc/meminfo", "MemTotal:       16384 kB\nMemFree:  1 kB\n");

    [Fact]
    public void Read_NoCgroup_TakesTheMachine() =>
        Assert.Equal(new CgroupLimits(4, 16 * Mib), Read(4));

    [Fact]
    public void Read_NothingReadable_TakesProcessorsAndNoMemory()
    {
        System.IO.File.Delete(_root["proc/meminfo"]);

        Assert.Equal(new CgroupLimits(4, 0), Read(4));
    }

    [Fact]
    public void Read_V2WithHalfAProcessor_TakesTheFraction()
    {
        V2("/");
        File("sys/fs/cgroup/cpu.max", "50000 100000\n");
        File("sys/fs/cgroup/memory.max", $"{8 * Mib}\n");

        Assert.Equal(new CgroupLimits(0.5, 8 * Mib), Read(4));
    }

    [Fact]
    public void Read_V2WithoutLimits_TakesTheMachine()
    {
        V2("/");
        File("sys/fs/cgroup/cpu.max", "max 100000\n");
        File("sys/fs/cgroup/memory.max", "max\n");

        Assert.Equal(new CgroupLimits(2, 16 * Mib), Read(2));
    }

    [Fact]
    public void Read_V2ParentTighter_TakesTheParents()
    {
        V2("/team/service");
        File("sys/fs/cgroup/team/service/cpu.max", "300000 100000\n");
        File("sys/fs/cgroup/team/cpu.max", "150000 100000\n");
        File("sys/fs/cgroup/team/service/memory.max", "max\n");
        File("sys/fs/cgroup/team/memory.max", $"{4 * Mib}\n");

        Assert.Equal(new CgroupLimits(1.5, 4 * Mib), Read(8));
    }

    [Fact]
    public void Read_QuotaAboveTheMachine_TakesTheMachine()
    {
        V2("/");
        File("sys/fs/cgroup/cpu.max", "800000 100000\n");

        Assert.Equal(2, Read(2).Cpus);
    }

    [Fact]
    public void Read_V1_TakesQuotaAndLimit()
    {
        V1("/docker/abc", "/docker/abc");
        File("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "25000\n");
        File("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
        File("sys/fs/cgroup/memory/memory.limit_in_bytes", $"{2 * Mib}\n");

        Assert.Equal(new CgroupLimits(0.25, 2 * Mib), Read(4));
    }

    [Fact]
    public void Read_V1Unlimited_TakesTheMachine()
    {
        V1("/", "/");
        File("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
        File("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
        File("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");

        Assert.Equal(new CgroupLimits(4, 16 * Mib), Read(4));
    }

    [Fact]
    public void Read_ThisProcess_IsWithinTheMachine()
    {
        var limits = CgroupLimits.Read("/", Environment.ProcessorCount);

        Assert.InRange(limits.Cpus, 0.01, Environment.ProcessorCount);
        Assert.InRange(limits.MemoryBytes, Mib, long.MaxValue);
    }

    public void Dispose() => _root.Dispose();

    private CgroupLimits Read(int processors) => CgroupLimits.Read(_root.Path, processors);

    private void V2(string group)
    {
        File("proc/self/mountinfo", V2Mount + "\n");
        File("proc/self/cgroup", $"0::{group}\n");
    }

    private void V1(string group, string mountRoot)
    {
        File("proc/self/cgroup", $"4:memory:{group}\n3:cpu,cpuacct:{group}\n0::/\n");
        File(
            "proc/self/mountinfo",
            $"32 31 0:29 {mountRoot} /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:1 - cgroup cgroup rw,cpu,cpuacct\n"
            + $"35 31 0:32 {mountRoot} /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n");
    }

    private void File(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_root[path])!);
        System.IO.File.WriteAllText(_root[path], text);
    }
}
