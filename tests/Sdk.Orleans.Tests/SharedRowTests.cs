using Orleans.Storage;

namespace Fairway.Sdk.Orleans.Tests;

public sealed class SharedRowTests
{
    [Fact]
    public async Task Write_OfBaseAndLane_IsOneRowAndStaleETagFails()
    {
        await using var silo = await SiloHost.StartAsync();
        var ofBase = silo.Grains.GetGrain<INoteGrain>(LaneGrainKey.Qualify("n", null));
        await ofBase.Write("from base");
        var ofLane = silo.Grains.GetGrain<INoteGrain>(LaneGrainKey.Qualify("n", "blue"));
        Assert.Equal("from base", await ofLane.Read()); // another activation, the same row

        await ofLane.Write("from blue");
        var stale = await Assert.ThrowsAnyAsync<Exception>(() => ofBase.Write("from base again"));
        Assert.True(stale is InconsistentStateException || stale.InnerException is InconsistentStateException, stale.ToString());
        await Testing.Eventually.TrueAsync(async () => await ofBase.Read() == "from blue"); // the engine lets such an activation go
    }
}
