using Orleans.Storage;

namespace Fairway.LocalSilo.Tests;

public sealed class StateTests
{
    [Fact]
    public async Task State_Written_IsThereInTheNextActivation()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<INotesGrain>("n");
        await grain.Add("a");
        await grain.Save();
        await grain.Add("b");
        await grain.End();

        Assert.Equal("a 1 True 0 False", await grain.Text());
    }

    [Fact]
    public async Task State_ChangedAfterWrite_IsNotStored()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<INotesGrain>("n");
        await grain.Add("a");
        await grain.Save();
        await grain.Add("b");
        Assert.Equal("a,b 2 True 0 False", await grain.Text());

        await grain.Reload();

        Assert.Equal("a 1 True 0 False", await grain.Text());
    }

    [Fact]
    public async Task State_Cleared_IsGoneAndCanBeWrittenAgain()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<INotesGrain>("n");
        await grain.Add("a");
        await grain.Save();
        await grain.Clear();
        Assert.Equal(" 0 False 0 False", await grain.Text());

        await grain.Add("b");
        await grain.Save();
        await grain.End();

        Assert.Equal("b 1 True 0 False", await grain.Text());
    }

    [Fact]
    public async Task State_OfSameNameInAnotherMemoryStorage_IsTheSame()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<INotesGrain>("n");
        await grain.Add("a");
        await grain.Save();

        Assert.Equal("a True", await grain.SameText());
    }

    [Fact]
    public async Task Conflict_LeavingTheGrain_EndsTheActivation()
    {
        await using var host = await TestHost.StartAsync();
        var grain = host.Grains.GetGrain<INotesGrain>("n");
        await grain.Add("unsaved");

        await Assert.ThrowsAsync<InconsistentStateException>(() => grain.Conflict());

        Assert.Equal(" 0 False 0 False", await grain.Text());
    }
}
