using Fairway.Core.Balancing;

namespace Fairway.Core.Tests.Balancing;

public class ZonePreferenceTests
{
    [Theory]
    [InlineData("a=4 b=4", "a", null, 1, 0)] // even: nothing spills
    [InlineData("a=6 b=2", "a", null, 1, 0)] // more than its share
    [InlineData("a=2 b=6", "a", null, 1, 1 / 3.0)] // half of it stays, the other half is spread over 6
    [InlineData("a=2 b=2 c=8", "a", null, 1, 0.2)] // half stays
    [InlineData("a=2 b=6", "a", 0.25, 1, 0)] // few callers: its share is covered
    [InlineData("a=2 b=6", "a", 1.0, 1, 1)] // all callers are here: a zone is nothing special
    [InlineData("a=4", "a", null, 1, 0)]
    [InlineData("a=4", "a", 1.0, 1, 0)]
    [InlineData("a=0 b=4", "a", null, 1, 1)] // none usable at home
    [InlineData("b=4 c=4", "a", null, 1, 1)]
    [InlineData("a=4 b=4", "", null, 1, 1)]
    [InlineData("=4 b=4", "", null, 1, 1)]
    [InlineData("a=2 =6", "a", null, 1, 1)] // the nameless are no zone
    [InlineData("", "a", null, 1, 1)]
    public void Factors_Table(string zones, string own, double? share, double ownFactor, double othersFactor)
    {
        var factors = ZonePreference.Factors(Zones(zones), own, share);

        Assert.Equal(ownFactor, factors.Own, 9);
        Assert.Equal(othersFactor, factors.Others, 9);
    }

    [Theory]
    [InlineData("a=2 b=6")]
    [InlineData("a=1 b=9")]
    [InlineData("a=5 b=5")]
    public void Factors_BothOfTwoZones_GiveEachWhatItsWeightIsWorth(string text)
    {
        var zones = Zones(text);
        var arrived = zones.Keys.ToDictionary(zone => zone, _ => 0.0);
        foreach (var own in zones.Keys)
        {
            var factors = ZonePreference.Factors(zones, own);
            var sum = zones.Sum(zone => Adjusted(zone, own, factors));
            foreach (var zone in zones)
            {
                arrived[zone.Key] += Adjusted(zone, own, factors) / sum / zones.Count;
            }
        }

        Assert.All(zones, zone => Assert.Equal(zone.Value / zones.Values.Sum(), arrived[zone.Key], 9));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void Factors_ShareOutOfRange_IsRefused(double share) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ZonePreference.Factors(Zones("a=1"), "a", share));

    private static double Adjusted(KeyValuePair<string, double> zone, string own, ZoneFactors factors) =>
        zone.Value * (zone.Key == own ? factors.Own : factors.Others);

    private static Dictionary<string, double> Zones(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Select(zone => zone.Split('=')).ToDictionary(zone => zone[0], zone => double.Parse(zone[1], System.Globalization.CultureInfo.InvariantCulture));
}
