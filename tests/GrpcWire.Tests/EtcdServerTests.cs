using Fairway.Testing;

namespace Fairway.GrpcWire.Tests;

public sealed class EtcdServerTests
{
    [Fact]
    public async Task Restart_AfterKill_ServesOnTheSameEndpoint()
    {
        await using var etcd = await EtcdServer.StartAsync();
        using var http = new HttpClient { BaseAddress = etcd.Endpoint };
        var pid = etcd.Process.Pid;

        etcd.Kill();
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetStringAsync(new Uri("/version", UriKind.Relative)));
        await etcd.RestartAsync();

        Assert.Contains("etcdserver", await http.GetStringAsync(new Uri("/version", UriKind.Relative)), StringComparison.Ordinal);
        Assert.NotEqual(pid, etcd.Process.Pid);
    }
}
