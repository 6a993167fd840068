using Fairway.Registry.Membership;
using Fairway.Registry.Tests.Conformance;

namespace Fairway.Registry.Tests.Membership;

/// <summary>What a cluster asks of its membership table. Each test has a cluster of its own, so the registry is shared.</summary>
public abstract class MembershipStoreTests(IRegistryFixture fixture)
{
    private static readonly DateTime Now = new(2026, 1, 1, 12, 0, 0, DateTimeKind.Utc);

    private readonly string _cluster = $"test-{Guid.NewGuid():N}";

    private EtcdMembershipStore Store => new(fixture.Registry, _cluster);

    [Fact]
    public async Task ReadAll_NewTable_IsEmptyAtVersion0()
    {
        var table = await Store.ReadAllAsync();

        Assert.Equal((0, EtcdMembershipStore.NewTableTag), (table.Version, table.VersionTag));
        Assert.Empty(table.Rows);
    }

    [Fact]
    public async Task ReadRow_NewTable_HasNone()
    {
        var table = await Store.ReadRowAsync("10.0.0.1:1@1");

        Assert.Equal((0, 0), (table.Version, table.Rows.Count));
    }

    [Fact]
    public async Task Insert_NewRow_RaisesTheVersionAndTagsBoth()
    {
        var row = Row(1);
        Assert.True(await Store.InsertAsync(row, 1, EtcdMembershipStore.NewTableTag));

        var table = await Store.ReadAllAsync();
        Assert.Equal(1, table.Version);
        Assert.NotEqual(EtcdMembershipStore.NewTableTag, table.VersionTag);
        var tagged = Assert.Single(table.Rows);
        Same(row, tagged.Row);
        Assert.Equal(tagged, Assert.Single((await Store.ReadRowAsync(row.Silo)).Rows), (one, other) => one.Tag == other.Tag);
    }

    [Fact]
    public async Task Insert_RowThere_IsRefusedAndChangesNothing()
    {
        await Store.InsertAsync(Row(1), 1, EtcdMembershipStore.NewTableTag);
        var before = await Store.ReadAllAsync();

        Assert.False(await Store.InsertAsync(Row(1) with { Status = "Active" }, 2, before.VersionTag));

        Assert.Equal(Shape(before), Shape(await Store.ReadAllAsync()));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    [InlineData("no tag of this store")]
    [InlineData("-5")]
    public async Task Insert_OldVersionTag_IsRefused(string tag)
    {
        await Store.InsertAsync(Row(1), 1, EtcdMembershipStore.NewTableTag);

        Assert.False(await Store.InsertAsync(Row(2), 1, tag));

        Assert.Single((await Store.ReadAllAsync()).Rows);
    }

    [Fact]
    public async Task Update_BothTagsRight_ReplacesTheRow()
    {
        await Store.InsertAsync(Row(1), 1, EtcdMembershipStore.NewTableTag);
        var before = await Store.ReadAllAsync();
        var wanted = Row(1) with { Status = "Dead", ProxyPort = 0, Suspicions = [new Suspicion("10.0.0.9:9@9", Now.AddSeconds(3).AddTicks(7))] };

        Assert.True(await Store.UpdateAsync(wanted, before.Rows[0].Tag, 2, before.VersionTag));

        var after = await Store.ReadAllAsync();
        Assert.Equal(2, after.Version);
        Same(wanted, Assert.Single(after.Rows).Row);
        Assert.NotEqual(before.Rows[0].Tag, after.Rows[0].Tag);
    }

    [Fact]
    public async Task Update_AnyTagOld_IsRefusedAndChangesNothing()
    {
        await Store.InsertAsync(Row(1), 1, EtcdMembershipStore.NewTableTag);
        var first = await Store.ReadAllAsync();
        await Store.UpdateAsync(Row(1), first.Rows[0].Tag, 2, first.VersionTag);
        var second = await Store.ReadAllAsync();

        Assert.False(await Store.UpdateAsync(Row(1), first.Rows[0].Tag, 3, second.VersionTag));
        Assert.False(await Store.UpdateAsync(Row(1), second.Rows[0].Tag, 3, first.VersionTag));
        Assert.False(await Store.UpdateAsync(Row(1), "x", 3, second.VersionTag));

        Assert.Equal(Shape(second), Shape(await Store.ReadAllAsync()));
    }

    [Fact]
    public async Task Update_NoSuchRow_IsRefused()
    {
        Assert.False(await Store.UpdateAsync(Row(1), EtcdMembershipStore.NewTableTag, 1, EtcdMembershipStore.NewTableTag));
        Assert.False(await Store.UpdateAsync(Row(1), "5", 1, EtcdMembershipStore.NewTableTag));
    }

    [Fact]
    public async Task SayAlive_RowThere_MovesItsTimeAndNoTag()
    {
        await Store.InsertAsync(Row(1), 1, EtcdMembershipStore.NewTableTag);
        var before = await Store.ReadAllAsync();

        await Store.SayAliveAsync(Row(1).Silo, Now.AddMinutes(1));

        var after = await Store.ReadAllAsync();
        Assert.Equal(Now.AddMinutes(1), after.Rows[0].Row.AliveTime);
        Assert.Equal((before.Version, before.VersionTag, before.Rows[0].Tag), (after.Version, after.VersionTag, after.Rows[0].Tag));
        Assert.True(await Store.UpdateAsync(after.Rows[0].Row, before.Rows[0].Tag, 2, before.VersionTag));
    }

    [Fact]
    public async Task SayAlive_UpdateWithAnOlderTime_KeepsTheNewer()
    {
        await Store.InsertAsync(Row(1), 1, EtcdMembershipStore.NewTableTag);
        await Store.SayAliveAsync(Row(1).Silo, Now.AddMinutes(1));
        var table = await Store.ReadAllAsync();

        await Store.UpdateAsync(Row(1), table.Rows[0].Tag, 2, table.VersionTag);

        Assert.Equal(Now.AddMinutes(1), (await Store.ReadAllAsync()).Rows[0].Row.AliveTime);
    }

    [Fact]
    public async Task SayAlive_NoRow_LeavesNothing()
    {
        await Store.SayAliveAsync("10.0.0.1:1@1", Now);

        Assert.Empty((await fixture.Registry.ListAsync($"/fairway/cluster/{_cluster}/")).Entries);
    }

    [Fact]
    public async Task CleanUp_OldRows_GoUnlessActiveOrLatelyAlive()
    {
        var version = 0;
        await InsertAsync(Row(1) with { Status = "Dead" }, Now.AddDays(-10));
        await InsertAsync(Row(2) with { Status = "Joining" }, Now.AddDays(-10));
        await InsertAsync(Row(3) with { Status = "Active" }, Now.AddDays(-10));
        await InsertAsync(Row(4) with { Status = "Joining" }, Now);
        await InsertAsync(Row(5) with { Status = "Joining" }, Now.AddDays(-10));
        await Store.SayAliveAsync(Row(5).Silo, Now);

        Assert.Equal(2, await Store.CleanUpAsync(Now.AddDays(-7), "Active"));

        var left = await Store.ReadAllAsync();
        Assert.Equal(version, left.Version);
        Assert.Equal([3, 4, 5], left.Rows.Select(tagged => tagged.Row.ProxyPort - 30_000).Order());

        async Task InsertAsync(MembershipRow row, DateTime time) => Assert.True(await Store.InsertAsync(
            row with { StartTime = time, AliveTime = time }, ++version, (await Store.ReadAllAsync()).VersionTag));
    }

    [Fact]
    public async Task Delete_Table_LeavesOtherClusters()
    {
        var other = new EtcdMembershipStore(fixture.Registry, _cluster + "-2");
        await Store.InsertAsync(Row(1), 1, EtcdMembershipStore.NewTableTag);
        await other.InsertAsync(Row(1), 1, EtcdMembershipStore.NewTableTag);

        await Store.DeleteAsync();

        Assert.Equal((0, 1), ((await Store.ReadAllAsync()).Version, (await other.ReadAllAsync()).Version));
    }

    [Fact]
    public async Task ReadAll_RowsOfOthersAndGarbage_AreLeftOut()
    {
        await Store.InsertAsync(Row(1), 1, EtcdMembershipStore.NewTableTag);
        foreach (var path in (string[])["silos/10.0.0.7:7@7", "alive/10.0.0.1:1@1", "alive/10.0.0.7:7@7", "other"])
        {
            await fixture.Registry.PutAsync($"/fairway/cluster/{_cluster}/{path}", "{]"u8.ToArray());
        }

        Same(Row(1), Assert.Single((await Store.ReadAllAsync()).Rows).Row);
    }

    [Fact]
    public async Task ReadAll_MoreThanAPage_IsOneTable()
    {
        var tag = EtcdMembershipStore.NewTableTag;
        for (var i = 1; i <= 25; i++)
        {
            Assert.True(await Store.InsertAsync(Row(i), i, tag));
            tag = (await Store.ReadAllAsync()).VersionTag;
        }

        var table = await new EtcdMembershipStore(fixture.RegistryWithPagesOf10, _cluster).ReadAllAsync();

        Assert.Equal((25, 25), (table.Version, table.Rows.Count));
    }

    [Fact]
    public async Task Update_TwoSilosRaceForOneRow_OneWinsEachTime()
    {
        const int Rounds = 1000;
        EtcdMembershipStore[] silos = [Store, new EtcdMembershipStore(fixture.RegistryWithPagesOf10, _cluster)];
        await Store.InsertAsync(Row(1), 1, EtcdMembershipStore.NewTableTag);
        var wins = new int[silos.Length];
        for (var round = 0; round < Rounds; round++)
        {
            var table = await silos[round % 2].ReadAllAsync();
            Assert.Equal(round + 1, table.Version);
            var won = await Task.WhenAll(silos.Select((silo, index) => silo.UpdateAsync(
                table.Rows[0].Row with { SiloName = $"by {index} in {round}" }, table.Rows[0].Tag, table.Version + 1, table.VersionTag)));
            var winner = Array.IndexOf(won, true);
            Assert.Single(won, true);
            wins[winner]++;
            Assert.Equal($"by {winner} in {round}", (await silos[winner].ReadRowAsync(Row(1).Silo)).Rows[0].Row.SiloName);
        }

        Assert.Equal(Rounds, wins.Sum());
        Assert.Equal(Rounds + 1, (await Store.ReadAllAsync()).Version);
    }

    [Fact]
    public async Task Update_ManyInParallel_EachGetsItsVersion()
    {
        await Store.InsertAsync(Row(1), 1, EtcdMembershipStore.NewTableTag);

        await Task.WhenAll(Enumerable.Range(0, 19).Select(async _ =>
        {
            while (true)
            {
                var table = await Store.ReadAllAsync();
                if (await Store.UpdateAsync(table.Rows[0].Row, table.Rows[0].Tag, table.Version + 1, table.VersionTag))
                {
                    return;
                }
            }
        }));

        Assert.Equal(20, (await Store.ReadAllAsync()).Version);
    }

    private static MembershipRow Row(int number) => new()
    {
        Silo = $"10.0.0.{number}:{20_000 + number}@{number}",
        Status = "Joining",
        ProxyPort = 30_000 + number,
        HostName = "host",
        SiloName = $"silo-{number}",
        StartTime = Now,
        AliveTime = Now.AddTicks(3),
    };

    private static void Same(MembershipRow wanted, MembershipRow found)
    {
        Assert.Equal(wanted.Suspicions.AsEnumerable(), found.Suspicions);
        Assert.Equal(wanted with { Suspicions = [] }, found with { Suspicions = [] });
        Assert.Equal(DateTimeKind.Utc, found.AliveTime.Kind);
    }

    private static string Shape(MembershipTable table) =>
        $"{table.Version} {table.VersionTag} {string.Join(' ', table.Rows.Select(tagged => $"{tagged.Row.Silo}={tagged.Row.Status}#{tagged.Tag}"))}";
}

public sealed class MemoryMembershipStoreTests(MemoryFixture fixture) : MembershipStoreTests(fixture), IClassFixture<MemoryFixture>;

public sealed class ServedMembershipStoreTests(ServedMemoryFixture fixture) : MembershipStoreTests(fixture), IClassFixture<ServedMemoryFixture>;

public sealed class EtcdMembershipStoreTests(EtcdFixture fixture) : MembershipStoreTests(fixture), IClassFixture<EtcdFixture>;
