using System.Globalization;
using System.Text.Json;
using Fairway.Testing;

namespace Fairway.Registry.Tests.Conformance;

/// <summary>What a person with etcdctl sees; the same words from etcd and from the embedded server.</summary>
public abstract class EtcdCtlTests(Uri endpoint)
{
    private readonly EtcdCtl _ctl = new(endpoint.GetLeftPart(UriPartial.Authority));
    private readonly string _prefix = $"/ctl/{Guid.NewGuid():N}/";

    [Fact]
    public async Task Ctl_PutGetDelete_Work()
    {
        Assert.Equal("OK\n", await _ctl.RunAsync("put", Key("a"), "1"));
        Assert.Equal("OK\n" + $"{Key("a")}\n1\n", await _ctl.RunAsync("put", Key("a"), "2", "--prev-kv"));
        Assert.Equal("OK\n", await _ctl.RunAsync("put", Key("b"), "3"));
        Assert.Equal($"{Key("a")}\n2\n{Key("b")}\n3\n", await _ctl.RunAsync("get", _prefix, "--prefix"));
        Assert.Equal($"{Key("b")}\n\n", await _ctl.RunAsync("get", _prefix, "--prefix", "--keys-only", "--order", "DESCEND", "--limit", "1"));
        Assert.Equal($"{Key("b")}\n3\n", await _ctl.RunAsync("get", _prefix, "--prefix", "--sort-by", "MODIFY", "--order", "DESCEND", "--limit", "1"));
        Assert.Equal($"{Key("b")}\n3\n", await _ctl.RunAsync("get", Key("b"), "--from-key", "--limit", "1", "--consistency", "s"));
        Assert.Equal($"1\n{Key("a")}\n2\n", await _ctl.RunAsync("del", Key("a"), "--prev-kv"));
        Assert.Equal("1\n", await _ctl.RunAsync("del", _prefix, "--prefix"));
        Assert.Equal("", await _ctl.RunAsync("get", _prefix, "--prefix"));
    }

    [Fact]
    public async Task Ctl_PastRevision_IsReadUntilCompacted()
    {
        await _ctl.RunAsync("put", Key("a"), "1");
        var revision = await RevisionAsync();
        await _ctl.RunAsync("put", Key("a"), "2");
        var now = await RevisionAsync();

        Assert.Equal($"{Key("a")}\n1\n", await _ctl.RunAsync("get", Key("a"), "--rev", revision));
        Assert.Equal($"compacted revision {now}\n", await _ctl.RunAsync("compaction", now));
        var (code, _, error) = await _ctl.TryAsync(["get", Key("a"), "--rev", revision]);
        Assert.NotEqual(0, code);
        Assert.Contains("etcdserver: mvcc: required revision has been compacted", error, StringComparison.Ordinal);
        Assert.Equal($"{Key("a")}\n2\n", await _ctl.RunAsync("get", Key("a"), "--rev", now));
    }

    [Fact]
    public async Task Ctl_IgnoreValueAndLease_KeepThem()
    {
        var (code, _, error) = await _ctl.TryAsync(["put", Key("a"), "--ignore-value"]);
        Assert.NotEqual(0, code);
        Assert.Contains("etcdserver: key not found", error, StringComparison.Ordinal);
        var lease = await GrantAsync();
        await _ctl.RunAsync("put", Key("a"), "1", "--lease", lease);
        await _ctl.RunAsync("put", Key("a"), "2", "--ignore-lease");
        await _ctl.RunAsync("put", Key("a"), "--ignore-value", "--lease", lease);

        Assert.Equal($"{Key("a")}\n2\n", await _ctl.RunAsync("get", Key("a")));
        await _ctl.RunAsync("lease", "revoke", lease);
        Assert.Equal("", await _ctl.RunAsync("get", Key("a")));
    }

    [Fact]
    public async Task Ctl_Txn_RunsTheRightBranch()
    {
        await _ctl.RunAsync("put", Key("a"), "1");
        var script = $"""
            value("{Key("a")}") = "1"
            version("{Key("a")}") > "0"
            create("{Key("none")}") = "0"
            mod("{Key("a")}") != "1"

            put {Key("a")} 2
            get {Key("a")}
            del {Key("none")}

            put {Key("else")} 1


            """;

        var (code, output, error) = await _ctl.TryAsync(["txn"], script);
        Assert.True(code == 0, error);
        Assert.Equal($"SUCCESS\n\nOK\n\n{Key("a")}\n2\n\n0\n", output);

        (_, output, _) = await _ctl.TryAsync(["txn"], script);
        Assert.Equal("FAILURE\n\nOK\n", output);
        Assert.Equal($"{Key("a")}\n2\n{Key("else")}\n1\n", await _ctl.RunAsync("get", _prefix, "--prefix"));
    }

    [Fact]
    public async Task Ctl_Lease_LivesIsRenewedAndEnds()
    {
        var lease = await GrantAsync();
        await _ctl.RunAsync("put", Key("a"), "1", "--lease", lease);

        var life = await _ctl.RunAsync("lease", "timetolive", lease, "--keys");
        Assert.StartsWith($"lease {lease} granted with TTL(60s), remaining(", life, StringComparison.Ordinal);
        Assert.EndsWith($"attached keys([{Key("a")}])\n", life, StringComparison.Ordinal);
        Assert.Equal($"lease {lease} keepalived with TTL(60)\n", await _ctl.RunAsync("lease", "keep-alive", "--once", lease));
        Assert.Contains(lease, await _ctl.RunAsync("lease", "list"), StringComparison.Ordinal);
        Assert.Equal($"lease {lease} revoked\n", await _ctl.RunAsync("lease", "revoke", lease));
        Assert.Equal($"lease {lease} already expired\n", await _ctl.RunAsync("lease", "timetolive", lease));
        var (_, _, error) = await _ctl.TryAsync(["lease", "revoke", lease]);
        Assert.Contains("etcdserver: requested lease not found", error, StringComparison.Ordinal);
        Assert.Equal("", await _ctl.RunAsync("get", Key("a")));
    }

    [Fact]
    public async Task Ctl_LeaseKeptAliveByAStream_Outlives()
    {
        var lease = (await _ctl.RunAsync("lease", "grant", "2")).Split(' ')[1];
        await using (var keeping = _ctl.Follow("lease", "keep-alive", lease))
        {
            await Eventually.True(() => keeping.Output.Split("keepalived").Length > 4);
        }

        Assert.Contains("granted", await _ctl.RunAsync("lease", "timetolive", lease), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctl_Watch_ShowsPastAndPresent()
    {
        await _ctl.RunAsync("put", Key("a"), "1");
        var start = await RevisionAsync();
        await using var watch = _ctl.Follow("watch", _prefix, "--prefix", "--rev", start, "--prev-kv");
        await watch.WaitForLineAsync(line => line == "1");
        await _ctl.RunAsync("put", Key("a"), "2");
        await _ctl.RunAsync("del", Key("a"));
        await watch.WaitForLineAsync(line => line == "DELETE");
        await Eventually.True(() => watch.Output.Split('\n').Length >= 13);

        Assert.Equal(
            ["PUT", Key("a"), "1", "PUT", Key("a"), "1", Key("a"), "2", "DELETE", Key("a"), "2", Key("a")],
            watch.Output.Split('\n').Where(line => line.Length > 0));
    }

    [Fact]
    public async Task Ctl_WatchFromCompacted_SaysSo()
    {
        await _ctl.RunAsync("put", Key("a"), "1");
        await _ctl.RunAsync("put", Key("a"), "2");
        var now = await RevisionAsync();
        await _ctl.RunAsync("compaction", now);

        await using var watch = _ctl.Follow("watch", _prefix, "--prefix", "--rev", "2");
        await Eventually.True(() => watch.Output.Contains("required revision has been compacted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Ctl_EndpointHealthAndStatus_AreFine()
    {
        var (code, output, error) = await _ctl.TryAsync(["endpoint", "health"]);
        Assert.True(code == 0, error);
        Assert.Contains("is healthy", output + error, StringComparison.Ordinal);
        // For this command etcdctl sends the endpoint as it is typed as :authority, and Kestrel refuses a URL there.
        var status = await new EtcdCtl(endpoint.Authority).RunAsync("endpoint", "status");
        Assert.Contains("3.4", status, StringComparison.Ordinal);
        Assert.Contains("started", await _ctl.RunAsync("member", "list"), StringComparison.Ordinal);
    }

    private string Key(string name) => _prefix + name;

    private async Task<string> GrantAsync() => (await _ctl.RunAsync("lease", "grant", "60")).Split(' ')[1];

    private async Task<string> RevisionAsync()
    {
        using var json = JsonDocument.Parse(await _ctl.RunAsync("get", _prefix, "-w", "json"));
        return json.RootElement.GetProperty("header").GetProperty("revision").GetInt64().ToString(CultureInfo.InvariantCulture);
    }
}

public sealed class EtcdCtlOnEmbeddedTests(ServedMemoryFixture fixture) : EtcdCtlTests(fixture.Endpoint), IClassFixture<ServedMemoryFixture>;

public sealed class EtcdCtlOnEtcdTests(EtcdFixture fixture) : EtcdCtlTests(fixture.Server.Endpoint), IClassFixture<EtcdFixture>;
