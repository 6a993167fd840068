namespace Fairway.Sdk.Orleans.Tests;

public sealed class LaneGrainKeyTests
{
    [Theory]
    [InlineData("a", null, "a")]
    [InlineData("a", "", "a")]
    [InlineData("a", "blue", "lane:blue:a")]
    [InlineData("a:b", "blue", "lane:blue:a:b")]
    [InlineData("lane:x:y", null, "lane::lane:x:y")]
    [InlineData("lane:x:y", "blue", "lane:blue:lane:x:y")]
    [InlineData("lane", null, "lane")]
    public void Qualify_ThenParse_BringsBothBack(string key, string? lane, string qualified)
    {
        Assert.Equal(qualified, LaneGrainKey.Qualify(key, lane));
        Assert.Equal((lane ?? "", key), LaneGrainKey.Parse(qualified));
    }
}
