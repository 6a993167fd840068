using System.Text.Json;
using Fairway.Core.Lanes;

namespace Fairway.Core.Tests.Lanes;

public class LabelTests
{
    private static readonly JsonElement Signatures = Vectors.Read("signatures.json");
    private static readonly LabelKeys Ring = new(
        Signatures.GetProperty("keys").EnumerateObject().ToDictionary(key => key.Name, key => key.Value.GetString()!), "k1");

    [Theory]
    [InlineData("a", true)]
    [InlineData("Dev.1_x-Y", true)]
    [InlineData("", false)]
    [InlineData(" ", false)]
    [InlineData("a b", false)]
    [InlineData("a,b", false)]
    [InlineData("ä", false)]
    [InlineData("a\n", false)]
    [InlineData("a/b", false)]
    public void IsValid_Table(string label, bool valid) => Assert.Equal(valid, Label.IsValid(label));

    [Fact]
    public void IsValid_Length_UpTo64()
    {
        Assert.True(Label.IsValid(new string('a', 64)));
        Assert.False(Label.IsValid(new string('a', 65)));
    }

    [Fact]
    public void Sign_VectorsOfOtherLanguages_AreWrittenAlike()
    {
        foreach (var vector in Signatures.GetProperty("sign").EnumerateArray())
        {
            var kid = vector.GetProperty("kid").GetString()!;
            var keys = new LabelKeys(new Dictionary<string, string> { [kid] = vector.GetProperty("secret").GetString()! }, null);
            Assert.True(LabelReader.TryParse(Text(vector, "flowtype"), Text(vector, "stress"), Text(vector, "offline"), out var label, out _));
            var exp = DateTimeOffset.FromUnixTimeSeconds(vector.GetProperty("exp").GetInt64());
            Assert.Equal(Text(vector, "signature"), keys.Sign(label, exp));
            Assert.Equal(exp, LabelKeys.ExpiryOf(Text(vector, "signature")));
            Assert.True(Ring.Verify(label, Text(vector, "signature"), DateTimeOffset.UnixEpoch));
        }
    }

    [Fact]
    public void TryRead_VectorsOfOtherLanguages_AreReadAlike()
    {
        foreach (var vector in Signatures.GetProperty("read").EnumerateArray())
        {
            var taken = LabelReader.TryRead(
                Text(vector, "flowtype"), Text(vector, "stress"), Text(vector, "offline"), Text(vector, "signature"),
                Ring, DateTimeOffset.FromUnixTimeSeconds(vector.GetProperty("now").GetInt64()), out var label, out var fault);
            var result = taken ? "ok" : LabelReader.CodeOf(fault);
            if (result != Text(vector, "expect")
                || label.Lane != Text(vector, "lane")
                || label.Stress != vector.GetProperty("stressed").GetBoolean()
                || !label.Offline.SequenceEqual(vector.GetProperty("addresses").EnumerateArray().Select(address => address.GetString()!)))
            {
                Assert.Fail($"{vector} gave {result}, {label}");
            }
        }
    }

    [Fact]
    public void Sign_ThenRead_BringsTheLabelBack()
    {
        var now = Topology.Start;
        var label = Label.Of("blue", stress: true, "10.0.0.1:80", "[::1]:443");
        var signature = Ring.Sign(label, now.AddSeconds(60));
        Assert.True(LabelReader.TryRead(label.Lane, "1", label.OfflineText, signature, Ring, now.AddSeconds(59), out var read, out _));
        Assert.Equal(label, read);
        Assert.Equal(signature, read.Signature);
        Assert.False(LabelReader.TryRead(label.Lane, "1", label.OfflineText, signature, Ring, now.AddSeconds(60), out _, out var fault));
        Assert.Equal(LabelFault.Tampered, fault);
    }

    [Fact]
    public void Verify_KeyRolled_OldOneStillVerifiesUntilItGoes()
    {
        var old = new LabelKeys(new Dictionary<string, string> { ["a"] = "one" }, null);
        var both = new LabelKeys(new Dictionary<string, string> { ["a"] = "one", ["b"] = "two" }, "b");
        var fresh = new LabelKeys(new Dictionary<string, string> { ["b"] = "two" }, null);
        var label = Label.Of("blue");
        var signature = old.Sign(label, Topology.Start);
        Assert.True(both.Verify(label, signature, DateTimeOffset.UnixEpoch));
        Assert.False(fresh.Verify(label, signature, DateTimeOffset.UnixEpoch));
        Assert.True(fresh.Verify(label, both.Sign(label, Topology.Start), DateTimeOffset.UnixEpoch));
    }

    [Fact]
    public void Keys_NoneOrUnclear_AreRefusedOrSignNothing()
    {
        var two = new Dictionary<string, string> { ["a"] = "one", ["b"] = "two" };
        Assert.Throws<ArgumentException>(() => new LabelKeys(two, null));
        Assert.Throws<ArgumentException>(() => new LabelKeys(two, "c"));
        Assert.Throws<ArgumentException>(() => new LabelKeys(new Dictionary<string, string> { ["a"] = "" }, null));
        Assert.Throws<ArgumentException>(() => new LabelKeys(new Dictionary<string, string> { ["a/b"] = "x" }, null));
        Assert.False(LabelKeys.None.CanSign);
        Assert.Throws<InvalidOperationException>(() => LabelKeys.None.Sign(Label.Of("blue"), Topology.Start));
        Assert.False(LabelReader.TryRead("blue", null, null, Ring.Sign(Label.Of("blue"), Topology.Start), LabelKeys.None, DateTimeOffset.UnixEpoch, out _, out var fault));
        Assert.Equal(LabelFault.Tampered, fault);
    }

    [Fact]
    public void Of_BadPartsOrTooMany_Throws()
    {
        Assert.Throws<ArgumentException>(() => Label.Of("a b"));
        Assert.Throws<ArgumentException>(() => Label.Of("a", false, "nowhere"));
        Assert.Throws<ArgumentException>(() => Label.Of("a", false, Addresses(33)));
        Assert.Equal(32, Label.Of("a", false, Addresses(32)).Offline.Length);
        Assert.Same(Label.None, Label.Of("", false, []));
        Assert.Single(Label.Of(null, false, "10.0.0.1:80", "10.0.0.1:80").Offline);
    }

    [Fact]
    public void WithOffline_FullList_StaysAsItIs()
    {
        var full = Label.Of("a", false, Addresses(32));
        Assert.Same(full, full.WithOffline("10.0.9.9:80"));
        Assert.Equal<string>(["10.0.9.9:80"], Label.Of("a").WithOffline("10.0.9.9:80").WithOffline("10.0.9.9:80").Offline);
        Assert.Null(Label.None.WithLane("x").Signature);
    }

    /// <summary>One byte of one header changed at random, or a made-up code: none may pass.</summary>
    [Fact]
    public void TryRead_FuzzedForgeries_NoneIsAdopted()
    {
        const string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.,:= \t\n+/[]é";
        var rounds = Environment.GetEnvironmentVariable("FAIRWAY_SOAK") is null ? 10_000 : 100_000;
        var random = new Random(7);
        var now = Topology.Start;
        var refused = 0;
        for (var round = 0; round < rounds; round++)
        {
            var label = Label.Of(random.Next(3) == 0 ? null : "lane-" + random.Next(9), random.Next(2) == 0, Addresses(random.Next(1, 4)));
            string[] sent = [label.Lane ?? "", label.Stress ? "1" : "", label.OfflineText, Ring.Sign(label, now.AddSeconds(random.Next(1, 600)))];
            var honest = (string[])sent.Clone();
            var part = random.Next(4);
            var at = random.Next(sent[part].Length + 1);
            sent[part] = random.Next(4) switch
            {
                0 => sent[part].Insert(at, alphabet[random.Next(alphabet.Length)].ToString()),
                1 when at < sent[part].Length => sent[part].Remove(at, 1),
                2 when at < sent[part].Length => sent[part][..at] + alphabet[random.Next(alphabet.Length)] + sent[part][(at + 1)..],
                3 => string.Concat(Enumerable.Range(0, random.Next(60)).Select(_ => alphabet[random.Next(alphabet.Length)])),
                _ => "",
            };
            if (Read(sent, out var adopted))
            {
                // Only what means the same may pass: blanks, empty members, the same bytes again.
                Assert.Equal(label, adopted);
                Assert.Equal(honest.Select(Bare), sent.Select(Bare));
            }
            else
            {
                refused++;
            }
        }

        Assert.InRange(refused, rounds * 8 / 10, rounds);

        bool Read(string[] headers, out Label read) => LabelReader.TryRead(headers[0], headers[1], headers[2], headers[3], Ring, now, out read, out _);
        static string Bare(string value) => string.Join(',', value.Split(',').Select(member => member.Trim(' ', '\t')).Where(member => member.Length > 0));
    }

    private static IEnumerable<string> Addresses(int count) => Enumerable.Range(1, count).Select(i => $"10.0.0.{i}:80");

    private static string? Text(JsonElement from, string name) => from.TryGetProperty(name, out var value) ? value.GetString() : null;
}
