using System.Globalization;
using Fairway.Core.Balancing;

namespace Fairway.Core.Tests.Balancing;

public class AliasTableTests
{
    [Theory]
    [InlineData("1")]
    [InlineData("1 1 1")]
    [InlineData("0.1 4 1 1")]
    [InlineData("0.000001 1")]
    [InlineData("3 1 2 5 7 0.5")]
    public void Pick_AllDraws_GivesEachItsWeight(string text)
    {
        var weights = text.Split(' ').Select(weight => double.Parse(weight, CultureInfo.InvariantCulture)).ToArray();
        const int draws = 100_000;
        var table = new AliasTable(weights);
        var counts = new int[weights.Length];
        for (var i = 0; i < draws; i++)
        {
            counts[table.Pick((i + 0.5) / draws)]++;
        }

        for (var i = 0; i < weights.Length; i++)
        {
            Assert.Equal(weights[i] / weights.Sum(), counts[i] / (double)draws, 3);
        }
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.999999999999)]
    public void Pick_EndsOfTheRange_IsWithinTheTable(double draw)
    {
        double[] weights = [1, 2, 3];

        Assert.InRange(new AliasTable(weights).Pick(draw), 0, 2);
    }
}
