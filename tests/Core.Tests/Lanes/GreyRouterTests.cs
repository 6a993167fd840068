using Fairway.Core.Lanes;

namespace Fairway.Core.Tests.Lanes;

public class GreyRouterTests
{
    private static readonly GreyRule Rule = new()
    {
        Target = "canary", Salt = "s", Whitelist = ["wanda"], Regions = ["eu"], RatioPer10000 = 0,
    };

    [Theory]
    // kill, ratio, label, user, region -> label, reason
    [InlineData(false, 0, null, "bob", "us", null, GreyReason.None)]
    [InlineData(false, 0, null, null, null, null, GreyReason.None)]
    [InlineData(false, 0, null, "wanda", "us", "canary", GreyReason.Whitelist)]
    [InlineData(false, 0, null, "bob", "eu", "canary", GreyReason.Region)]
    [InlineData(false, 10_000, null, "bob", "us", "canary", GreyReason.Ratio)]
    [InlineData(false, 10_000, null, null, "us", null, GreyReason.None)] // no key, no bucket
    [InlineData(false, 10_000, null, "", "us", null, GreyReason.None)]
    [InlineData(false, 10_000, null, "wanda", "eu", "canary", GreyReason.Whitelist)] // whitelist > region > ratio
    [InlineData(false, 10_000, null, "bob", "eu", "canary", GreyReason.Region)]
    [InlineData(false, 10_000, "dev-x", "wanda", "eu", "dev-x", GreyReason.Label)] // a trusted label > all of them
    [InlineData(false, 0, "", "bob", "us", null, GreyReason.None)] // an empty label is no label
    [InlineData(true, 10_000, null, "wanda", "eu", null, GreyReason.Kill)] // kill > whatever the rule says
    [InlineData(true, 10_000, "canary", "wanda", "eu", null, GreyReason.Kill)] // and > a label that names its target
    [InlineData(true, 10_000, "dev-x", "wanda", "eu", "dev-x", GreyReason.Label)] // but it is the switch of this rule only
    public void Assign_Table_FollowsTheOrder(
        bool kill, int ratio, string? label, string? user, string? region, string? expected, GreyReason reason) =>
        Assert.Equal(
            new GreyAssignment(expected, reason),
            GreyRouter.Assign(Rule with { Kill = kill, RatioPer10000 = ratio }, label, user, region));

    [Theory]
    [InlineData(null, null)]
    [InlineData("", null)]
    [InlineData("dev-x", "dev-x")]
    public void Assign_NoRule_KeepsTheLabel(string? label, string? expected) =>
        Assert.Equal(expected, GreyRouter.Assign(null, label, "bob", "eu").Label);

    // Computed with: int.from_bytes(hashlib.sha256(f"{salt}:{key}".encode()).digest()[:4], "big") % 10000
    [Theory]
    [InlineData("", "alice", 9172)]
    [InlineData("2026-q1", "alice", 9947)]
    [InlineData("2026-q1", "bob", 4479)]
    [InlineData("s", "ünïcode-用户", 6048)]
    [InlineData("a:b", "c", 8856)]
    [InlineData("a", "b:c", 8856)]
    [InlineData("", "", 1014)]
    public void Bucket_KnownVectors_MatchOtherLanguages(string salt, string key, int bucket) =>
        Assert.Equal(bucket, GreyRouter.Bucket(salt, key));

    [Fact]
    public void Assign_RatioGrows_KeepsEveryoneItHad()
    {
        var users = Enumerable.Range(0, 2000).Select(i => $"user-{i}").ToList();
        var had = new HashSet<string>();
        foreach (var ratio in (int[])[0, 1, 10, 500, 2500, 5000, 9999, 10_000])
        {
            var hit = users.Where(user => GreyRouter.Assign(Rule with { RatioPer10000 = ratio }, null, user, null).Label == "canary").ToHashSet();
            Assert.True(hit.IsSupersetOf(had), $"at {ratio}");
            Assert.InRange(hit.Count, (ratio / 5) - 100, (ratio / 5) + 100);
            had = hit;
        }

        Assert.Equal(2000, had.Count);
    }

    [Fact]
    public void Assign_OtherSalt_PicksOtherUsers()
    {
        var users = Enumerable.Range(0, 2000).Select(i => $"user-{i}").ToList();
        var one = users.Where(user => GreyRouter.Bucket("one", user) < 5000).ToHashSet();
        Assert.InRange(users.Count(user => GreyRouter.Bucket("two", user) < 5000 && one.Contains(user)), 400, 600);
    }
}
