using Fairway.Gateway.Memory;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Tests.Memory;

[Trait("Engine", "any")]
public sealed class IdleRuleTests
{
    private const long MiB = 1 << 20;
    private const long Heap = 50 * MiB;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(0.5);

    [Fact]
    public void Observe_SilenceAfterABurst_CollectsOnceWhenItHasLastedLongEnough()
    {
        var rule = new IdleRule(new TrimOptions());

        Assert.False(rule.Observe(60 * MiB, Heap, Look)); // the burst
        Assert.False(rule.Observe(60 * MiB, Heap, Look));
        Assert.True(rule.Observe(60 * MiB, Heap, Look));
        Assert.False(rule.Observe(60 * MiB, Heap, Look));
    }

    [Fact]
    public void Observe_BusyAgainInBetween_BeginsAnew()
    {
        var rule = new IdleRule(new TrimOptions());
        rule.Observe(60 * MiB, Heap, Look);
        Assert.False(rule.Observe(60 * MiB, Heap, Look));
        Assert.False(rule.Observe(61 * MiB, Heap, Look)); // 2 MiB a second
        Assert.False(rule.Observe(61 * MiB, Heap, Look));
        Assert.True(rule.Observe(61 * MiB, Heap, Look));
    }

    [Fact]
    public void Observe_HeartbeatsAlone_CollectsEachTimeThereIsEnoughGarbage()
    {
        var options = new TrimOptions { MinGarbageBytes = 8 * MiB };
        var rule = new IdleRule(options);
        var times = Enumerable.Range(1, 400).Count(look => rule.Observe(look * 100 * 1024, Heap, Look));
        Assert.Equal(400 * 100 * 1024 / options.MinGarbageBytes, times);
    }

    [Theory]
    [InlineData(31, 50)] // little garbage
    [InlineData(60, 129)] // a heap whose collection takes long
    public void Observe_NotWorthIt_DoesNothing(long allocatedMiB, long heapMiB)
    {
        var rule = new IdleRule(new TrimOptions());
        Assert.All(Enumerable.Range(0, 10), _ => Assert.False(rule.Observe(allocatedMiB * MiB, heapMiB * MiB, Look)));
    }

    [Theory]
    [InlineData("TrimSeconds", "0.4")]
    [InlineData("TrimSeconds", "4000")]
    [InlineData("MinGarbageBytes", "1000")]
    [InlineData("MaxHeapBytes", "-1")]
    public async Task Start_ASettingThatCannotWork_IsRefusedByName(string key, string value)
    {
        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(() => GatewayHost.StartAsync($"--Memory:{key}={value}"));
        Assert.Contains($"Memory:{key} is", refusal.Message, StringComparison.Ordinal);
    }
}
