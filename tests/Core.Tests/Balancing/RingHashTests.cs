using Fairway.Core.Balancing;
using Fairway.Core.Directory;
using static Fairway.Core.Tests.Balancing.Callers;

namespace Fairway.Core.Tests.Balancing;

public class RingHashTests
{
    private static readonly string[] Keys = [.. Enumerable.Range(0, 10_000).Select(i => $"user-{i}")];

    [Theory]
    [InlineData("", 3820012610u)]
    [InlineData("user-1", 3334638052u)]
    [InlineData("caf\u00e9", 2232384964u)]
    public void Position_KnownKeys_IsTheSameInEveryLanguage(string key, uint position) => Assert.Equal(position, HashRing.Position(key));

    [Fact]
    public void Pick_SameKey_IsTheSameInstance()
    {
        var owners = Owners(Ring(1.25, Views(5)));

        Assert.Equal(owners, Owners(Ring(1.25, [.. Views(5).Reverse()])));
    }

    [Fact]
    public void Pick_OneLeaves_OnlyItsKeysMove()
    {
        var before = Owners(Ring(1.25, Views(5)));
        var after = Owners(Ring(1.25, [.. Views(5).Where(view => view.Id != "orders-2")]));

        Assert.All(Keys.Where((_, i) => before[i] != "orders-2").Select(key => Array.IndexOf(Keys, key)), i => Assert.Equal(before[i], after[i]));
        Assert.DoesNotContain("orders-2", after);
    }

    [Fact]
    public void Pick_WeightRaised_OnlyMovesKeysToIt()
    {
        var before = Owners(Ring(1.25, Views(4)));
        var after = Owners(Ring(1.25, [View("orders-0", 2), .. Views(4)[1..]]));

        Assert.All(Enumerable.Range(0, Keys.Length).Where(i => before[i] != after[i]), i => Assert.Equal("orders-0", after[i]));
    }

    [Fact]
    public void Pick_OperatorsWeights_AreTheShares()
    {
        var owners = Owners(Ring(1.25, [View("a", 3), View("b"), View("c", 0.5)]));

        Assert.InRange(owners.Count(owner => owner == "a") / (double)Keys.Length, 0.60, 0.73); // 0.667
        Assert.InRange(owners.Count(owner => owner == "b") / (double)Keys.Length, 0.18, 0.27); // 0.222
        Assert.InRange(owners.Count(owner => owner == "c") / (double)Keys.Length, 0.08, 0.15); // 0.111
    }

    [Fact]
    public void Pick_OneKeyAllTheTime_GoesNoFurtherOverItsShareThanTheBound()
    {
        var caller = Ring(1.25, Views(4));
        for (var i = 0; i < 100; i++)
        {
            caller.Begin(TimeSpan.Zero, HashRing.Position("the one"));
        }

        // ceil(1.25 x 100 / 4), and all are needed then.
        Assert.InRange(caller.List.Endpoints.ToArray().Max(endpoint => endpoint.InFlight), 26, 32);
        Assert.All(caller.List.Endpoints.ToArray(), endpoint => Assert.InRange(endpoint.InFlight, 4, 32));
    }

    [Fact]
    public void Pick_LoadGoneAgain_ComesBackToTheKeysOwnInstance()
    {
        var caller = Ring(1.25, Views(4));
        var position = HashRing.Position("the one");
        var own = caller.Begin(TimeSpan.Zero, position)!;
        var others = Enumerable.Range(0, 20).Select(_ => caller.Begin(TimeSpan.Zero, position)!).ToArray();
        Assert.Contains(others, endpoint => endpoint != own);

        foreach (var endpoint in others.Append(own))
        {
            caller.End(endpoint, new Outcome(1, Failed: false), TimeSpan.Zero);
        }

        Assert.Same(own, caller.Begin(TimeSpan.Zero, position));
    }

    private static Caller Ring(double bound, InstanceView[] views)
    {
        var caller = new Caller(new RingHash(bound));
        caller.Update(views, TimeSpan.Zero);
        return caller;
    }

    /// <summary>Whose each key is while nothing is going on.</summary>
    private static string[] Owners(Caller caller) => [.. Keys.Select(key =>
    {
        var endpoint = caller.Begin(TimeSpan.Zero, HashRing.Position(key))!;
        caller.End(endpoint, new Outcome(1, Failed: false), TimeSpan.Zero);
        return endpoint.Id;
    })];
}
