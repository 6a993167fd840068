using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using Fairway.Core.Directory;
using Fairway.Core.Lanes;
using Fairway.Registry.Schema;
using Google.Protobuf;

namespace Fairway.Registry.Tests.Schema;

public sealed class CodecTests
{
    private static readonly InstanceRecord Full = new()
    {
        Service = "orders",
        Id = "o-1",
        Address = "10.0.0.1:80",
        Protocol = "grpc",
        ProbeAddress = "10.0.0.1:81",
        Probe = Probes.Orca,
        Lane = "dev",
        Version = "1.2",
        Zone = "a",
        Weight = 50,
        Methods = [new MethodRecord("Pay", "dev"), new MethodRecord("List", "")],
        Metadata = ImmutableSortedDictionary<string, string>.Empty.Add("Key \"ü\"", "v\n\"1\""),
        StartedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        Draining = true,
    };

    [Fact]
    public void Instance_Full_SurvivesTheTrip()
    {
        Assert.True(InstanceCodec.TryDecode("orders", "o-1", InstanceCodec.Encode(Full), out var back));

        Assert.Equal(Full.Methods.AsEnumerable(), back.Methods);
        Assert.Equal(Full.Metadata, back.Metadata);
        Assert.Equal(Full, back with { Methods = Full.Methods, Metadata = Full.Metadata });
    }

    [Fact]
    public void Instance_Encoded_HasTheFieldsOfTheContract()
    {
        var json = JsonNode.Parse(InstanceCodec.Encode(Full))!.AsObject();

        Assert.Equal(
            ["service", "id", "address", "protocol", "probeAddress", "probe", "lane", "version", "zone", "weight", "methods", "metadata", "startedAt", "draining"],
            json.Select(field => field.Key));
        Assert.Equal("2026-01-02T03:04:05.000Z", (string)json["startedAt"]!);
    }

    [Fact]
    public void Instance_AddressOnly_HasDefaults()
    {
        var record = DecodeInstance("""{"address":"10.0.0.1:80"}""")!;

        Assert.Equal(
            ("orders", "o-1", "http", "none", "", 100, false),
            (record.Service, record.Id, record.Protocol, record.Probe, record.Lane, record.Weight, record.Draining));
        Assert.Empty(record.Methods);
        Assert.Empty(record.Metadata);
    }

    [Fact]
    public void Instance_NullsEverywhere_HasDefaults()
    {
        var record = DecodeInstance("""
            {"service":null,"id":null,"address":"10.0.0.1:80","protocol":null,"probeAddress":null,"probe":null,"lane":null,"version":null,
             "zone":null,"weight":null,"methods":[null,{"name":null},{"name":"Pay","lane":null}],"metadata":{"a":null,"b":1,"c":true},
             "startedAt":null,"draining":null,"unknown":{"deep":[1]}}
            """)!;

        Assert.Equal(new MethodRecord("Pay", ""), Assert.Single(record.Methods));
        Assert.Equal(["b=1", "c=True"], record.Metadata.Select(pair => $"{pair.Key}={pair.Value}"));
        Assert.Equal("http", record.Protocol);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"address\":\"10.0.0.1\"}")]
    [InlineData("{\"address\":\"10.0.0.1:80\",\"weight\":\"heavy\"}")]
    [InlineData("{\"address\":\"10.0.0.1:80\",\"probeAddress\":\"x y\"}")]
    [InlineData("{\"address\":\"10.0.0.1:80\"")]
    public void Instance_Malformed_IsNoInstance(string json) => Assert.Null(DecodeInstance(json));

    [Fact]
    public void Encode_UnknownFields_AreKeptAndKnownOnesComeFromTheRecord()
    {
        var posted = JsonNode.Parse("""{"address":"1.1.1.1:1","Zone":"posted","team":{"name":"blue"},"weight":7}""")!.AsObject();

        var json = JsonNode.Parse(InstanceCodec.Encode(Full, posted))!.AsObject();

        Assert.Equal("10.0.0.1:80", (string)json["address"]!);
        Assert.Equal(50, (int)json["weight"]!);
        Assert.Equal("blue", (string)json["team"]!["name"]!);
        Assert.False(json.ContainsKey("Zone"));
    }

    [Fact]
    public void Decoder_EveryKind_IsDecoded()
    {
        var expires = new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero);
        var lane = new LaneRecord("dev", "me", expires, 60);
        var declaration = new LaneDeclaration("orders", "registration", "base");
        var offline = new OfflineMark("10.0.0.1:80", "me", "repair", expires);
        var limit = new LimitRule(10, 20, "closed");
        var member = new Member("g", "10.0.0.2:80", "1");

        Assert.Equal("o-1", Decode<DecodedEntry.Instance>(RegistryKeys.Instance("orders", "o-1"), InstanceCodec.Encode(Full)).Record.Id);
        Assert.Equal(lane, Decode<DecodedEntry.Lane>(RegistryKeys.Lane("dev"), LaneCodec.Encode(lane)).Record);
        Assert.Equal(declaration, Decode<DecodedEntry.Declaration>(RegistryKeys.Declaration("dev", "orders"), LaneCodec.Encode(declaration)).Record);
        Assert.Equal(offline, Decode<DecodedEntry.Offline>(RegistryKeys.Offline("10.0.0.1:80"), OperatorCodec.Encode(offline)).Record);
        Assert.Equal(limit, Decode<DecodedEntry.Limit>(RegistryKeys.Limit("orders"), OperatorCodec.Encode(limit)).Record);
        Assert.Equal(member, Decode<DecodedEntry.Gateway>(RegistryKeys.Gateway("g"), OperatorCodec.Encode(member)).Record);
        Assert.Equal(member, Decode<DecodedEntry.Exporter>(RegistryKeys.Exporter("g"), OperatorCodec.Encode(member)).Record);
        Assert.Equal(member, Decode<DecodedEntry.Edge>(RegistryKeys.Edge("g"), OperatorCodec.Encode(member)).Record);
        Assert.Equal("x", Decode<DecodedEntry.Config>(RegistryKeys.Config("app", "k"), "x"u8.ToArray()).Value.ToStringUtf8());
        Assert.Empty(Decode<DecodedEntry.Status>(RegistryKeys.Status("orders", "x", 0), []).Batch.Items);
    }

    [Fact]
    public void Policy_Full_SurvivesTheTrip()
    {
        var policy = new ServicePolicy
        {
            Mode = ServicePolicy.Hash,
            Weights = ImmutableSortedDictionary<string, double>.Empty.Add("o-1", 12.5),
            HashKey = "header:x-user",
            BoundFactor = 1.5,
            Coefficients = ImmutableSortedDictionary<string, double>.Empty.Add("cpu", 3),
            Author = "me",
            Reason = "why",
            ExpiresAt = DateTimeOffset.UnixEpoch,
        };

        var back = Decode<DecodedEntry.Policy>(RegistryKeys.Policy("orders"), PolicyCodec.Encode(policy)).Record;

        Assert.Equal(policy.Weights, back.Weights);
        Assert.Equal(policy.Coefficients, back.Coefficients);
        Assert.Equal(policy, back with { Weights = policy.Weights, Coefficients = policy.Coefficients });
    }

    [Fact]
    public void Grey_FullAndBare_AreRead()
    {
        var grey = new GreyRule { Target = "dev", Salt = "s", Kill = true, Whitelist = ["u1"], Regions = ["eu"], RatioPer10000 = 2500 };

        var back = Decode<DecodedEntry.Grey>(RegistryKeys.Grey("orders"), OperatorCodec.Encode(grey)).Record;
        Assert.Equal(grey.Whitelist.AsEnumerable(), back.Whitelist);
        Assert.Equal(grey.Regions.AsEnumerable(), back.Regions);
        Assert.Equal(grey, back with { Whitelist = grey.Whitelist, Regions = grey.Regions });
        var bare = Decode<DecodedEntry.Grey>(RegistryKeys.Grey("orders"), """{"target":"dev","whitelist":null,"ratioPer10000":20000}"""u8.ToArray()).Record;
        Assert.Equal((0, 10_000), (bare.Whitelist.Length, bare.RatioPer10000));
    }

    [Theory]
    [InlineData("/fairway/grey/orders", "{}")]
    [InlineData("/fairway/limits/orders", "{}")]
    [InlineData("/fairway/lanes/dev", "{\"ttlSeconds\":5}")]
    [InlineData("/fairway/policies/orders", "{\"weights\":7}")]
    [InlineData("/fairway/policies/orders", "{\"mode\":\"other\"}")]
    [InlineData("/fairway/offline/10.0.0.1:80", "{\"expiresAt\":\"tomorrow\"}")]
    [InlineData("/fairway/gateways/g", "nonsense")]
    [InlineData("/fairway/cluster/c/members", "{}")]
    [InlineData("/elsewhere", "{}")]
    public void Decoder_Malformed_IsIgnored(string key, string json) =>
        Assert.False(RegistryDecoder.TryDecode(Entry(key, Encoding.UTF8.GetBytes(json)), out _));

    [Fact]
    public void Encode_Json_IsCompactCamelCase() =>
        Assert.Equal("""{"ratePerSecond":1,"burst":2,"onFailure":"open"}""", Encoding.UTF8.GetString(OperatorCodec.Encode(new LimitRule(1, 2, "open"))));

    private static InstanceRecord? DecodeInstance(string json) =>
        InstanceCodec.TryDecode("orders", "o-1", Encoding.UTF8.GetBytes(json), out var record) ? record : null;

    private static T Decode<T>(string key, byte[] value)
        where T : DecodedEntry
    {
        Assert.True(RegistryDecoder.TryDecode(Entry(key, value), out var decoded));
        return Assert.IsType<T>(decoded);
    }

    private static RegistryEntry Entry(string key, byte[] value) => new(key, ByteString.CopyFrom(value), 1, 1, 1, 0);
}
