using Fairway.Core.Balancing;

namespace Fairway.Core.Tests.Balancing;

public class RendezvousTests
{
    private static readonly string[] Keys = [.. Enumerable.Range(0, 10_000).Select(i => $"service-{i % 100}/instance-{i}")];

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(10)]
    public void Owner_ManyKeys_SharesThemEvenly(int count)
    {
        var nodes = Nodes(count);

        var shares = Keys.GroupBy(key => Rendezvous.Owner(key, nodes)).ToDictionary(group => group.Key!, group => group.Count());

        Assert.Equal(count, shares.Count);
        Assert.All(shares.Values, share => Assert.InRange(share, 0.85 * Keys.Length / count, 1.15 * Keys.Length / count));
    }

    [Fact]
    public void Owner_NodeLeaves_MovesOnlyItsOwnKeysAndToAll()
    {
        var before = Nodes(5);
        var after = before.Where(node => node != "exporter-2").ToArray();

        var moved = Keys.Where(key => Rendezvous.Owner(key, before) != Rendezvous.Owner(key, after)).ToList();

        Assert.Equal(Keys.Where(key => Rendezvous.Owner(key, before) == "exporter-2"), moved);
        Assert.Equal(4, moved.Select(key => Rendezvous.Owner(key, after)).Distinct().Count());
    }

    [Fact]
    public void Owner_NodeComes_TakesItsShareAndNothingElseMoves()
    {
        var before = Nodes(3);
        var after = Nodes(4);

        var moved = Keys.Where(key => Rendezvous.Owner(key, before) != Rendezvous.Owner(key, after)).ToList();

        Assert.All(moved, key => Assert.Equal("exporter-3", Rendezvous.Owner(key, after)));
        Assert.InRange(moved.Count, 0.85 * Keys.Length / 4, 1.15 * Keys.Length / 4);
    }

    [Fact]
    public void Owner_OrderOfNodes_DoesNotMatter()
    {
        var nodes = Nodes(7);
        var reversed = nodes.Reverse().ToArray();

        Assert.All(Keys.Take(200), key => Assert.Equal(Rendezvous.Owner(key, nodes), Rendezvous.Owner(key, reversed)));
    }

    [Theory]
    [InlineData("orders/a", "exporter-2")]
    [InlineData("orders/b", "exporter-2")]
    [InlineData("payments/a", "exporter-0")]
    [InlineData("orders/\u00e9", "exporter-2")]
    public void Owner_KnownKeys_IsTheSameInEveryVersion(string key, string owner) =>
        Assert.Equal(owner, Rendezvous.Owner(key, Nodes(3)));

    [Fact]
    public void Owner_NoNodes_IsNobody() => Assert.Null(Rendezvous.Owner("orders/a", []));

    private static string[] Nodes(int count) => [.. Enumerable.Range(0, count).Select(i => $"exporter-{i}")];
}
