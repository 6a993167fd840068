using System.Text.Json;
using Fairway.Core.Lanes;

namespace Fairway.Core.Tests.Lanes;

public class EntryRuleTests
{
    private static readonly GreyRule Rule = new()
    {
        Target = "canary", Salt = "s", Whitelist = ["wanda"], Regions = ["eu"], RatioPer10000 = 0,
    };

    [Fact]
    public void Assign_VectorsOfOtherLanguages_FollowTheOrder()
    {
        foreach (var vector in Vectors.Read("grey.json").GetProperty("grey").EnumerateArray())
        {
            var rule = vector.GetProperty("rule") is { ValueKind: JsonValueKind.Object } json ? json.Deserialize<GreyRule>(JsonSerializerOptions.Web) : null;
            var assigned = EntryRule.Assign(rule is null ? null : new EntryRule(rule), Text(vector, "label"), Text(vector, "user"), Text(vector, "region"));
            if ((assigned.Label, assigned.Reason.ToString().ToLowerInvariant()) != (Text(vector, "assigned"), Text(vector, "reason")))
            {
                Assert.Fail($"{vector} gave {assigned}");
            }
        }

        static string? Text(JsonElement from, string name) => from.GetProperty(name).GetString();
    }

    [Fact]
    public void Bucket_VectorsOfOtherLanguages_Match()
    {
        foreach (var vector in Vectors.Read("buckets.json").GetProperty("buckets").EnumerateArray())
        {
            Assert.Equal(vector.GetProperty("bucket").GetInt32(), EntryRule.Bucket(vector.GetProperty("salt").GetString()!, vector.GetProperty("key").GetString()!));
        }
    }

    [Fact]
    public void Assign_RatioGrows_KeepsEveryoneItHad()
    {
        var users = Enumerable.Range(0, 2000).Select(i => $"user-{i}").ToList();
        var had = new HashSet<string>();
        foreach (var ratio in (int[])[0, 1, 10, 500, 2500, 5000, 9999, 10_000])
        {
            var hit = users.Where(user => new EntryRule(Rule with { RatioPer10000 = ratio }).Assign(null, user, null).Label == "canary").ToHashSet();
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
        var one = users.Where(user => EntryRule.Bucket("one", user) < 5000).ToHashSet();
        Assert.InRange(users.Count(user => EntryRule.Bucket("two", user) < 5000 && one.Contains(user)), 400, 600);
    }
}
