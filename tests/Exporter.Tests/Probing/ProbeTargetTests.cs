using System.Collections.Immutable;
using Fairway.Core.Directory;
using Fairway.Exporter.Probing;

namespace Fairway.Exporter.Tests.Probing;

public sealed class ProbeTargetTests
{
    [Theory]
    [InlineData(Probes.Orca, "http", "10.0.0.1:80", null, "http://10.0.0.1:80/")]
    [InlineData(Probes.Orca, "http", "10.0.0.1:80", "10.0.0.1:81", "http://10.0.0.1:81/")]
    [InlineData(Probes.Orca, "https", "10.0.0.1:443", "10.0.0.1:81", "http://10.0.0.1:81/")]
    [InlineData(Probes.GrpcHealth, "grpcs", "10.0.0.1:9000", null, "https://10.0.0.1:9000/")]
    [InlineData(Probes.GrpcHealth, "grpcs", "10.0.0.1:9000", "10.0.0.1:9000", "https://10.0.0.1:9000/")]
    [InlineData(Probes.Http, "http", "[::1]:80", null, "http://[::1]:80/healthz")]
    [InlineData(Probes.Http, "https", "10.0.0.1:443", null, "https://10.0.0.1:443/healthz")]
    public void Of_Record_IsWhereToProbe(string probe, string protocol, string address, string? probeAddress, string expected)
    {
        var target = ProbeTarget.Of(Record(probe, protocol, address, probeAddress), out var reason);

        Assert.Equal(new ProbeTarget(probe, new Uri(expected)), target);
        Assert.Equal("", reason);
    }

    [Fact]
    public void Of_PathInMetadata_Overrides()
    {
        var record = Record(Probes.Http, "http", "10.0.0.1:80", null) with
        {
            Metadata = ImmutableSortedDictionary<string, string>.Empty.Add("probePath", "/live?deep=1"),
        };

        Assert.Equal(new Uri("http://10.0.0.1/live?deep=1"), ProbeTarget.Of(record, out _)!.Address);
    }

    [Theory]
    [InlineData(Probes.None, "10.0.0.1:80", "")]
    [InlineData("ping", "10.0.0.1:80", "the probe 'ping' is unknown")]
    [InlineData(Probes.Orca, "10.0.0.1", "'10.0.0.1/' is no ip:port with a path")]
    [InlineData(Probes.Orca, "a@10.0.0.1:80", "'a@10.0.0.1:80/' is no ip:port with a path")]
    [InlineData(Probes.Orca, "10.0.0.1:80/x:80", "'10.0.0.1:80/x:80/' is no ip:port with a path")]
    public void Of_NoTarget_SaysWhy(string probe, string address, string why)
    {
        Assert.Null(ProbeTarget.Of(Record(probe, "http", address, null), out var reason));
        Assert.Equal(why, reason);
    }

    private static InstanceRecord Record(string probe, string protocol, string address, string? probeAddress) => new()
    {
        Service = "orders", Id = "a", Address = address, Protocol = protocol, Probe = probe, ProbeAddress = probeAddress,
    };
}
