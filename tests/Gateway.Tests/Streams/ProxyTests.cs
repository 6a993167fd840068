using System.Net;
using Fairway.Testing;

namespace Fairway.Gateway.Tests.Streams;

/// <summary>Behind a real nginx that knows nothing of streams: its defaults, HTTP/1.0 towards the Gateway and buffering, hold nothing back.</summary>
public sealed class ProxyTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly int _port = FreePort.Next();

    [Fact]
    public async Task Follow_ThroughNginxWithItsDefaults_HasEachTokenWhenItIsThere()
    {
        await using var host = await StreamHost.StartAsync();
        await using var nginx = await StartAsync(host.Gateway.Client.BaseAddress!);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_port}") };
        var user = StreamUser.Of(client, "someone");
        var version = await user.AskAsync("tides", """{"failure":"Stall","after":3}"""); // nothing comes after the third

        using var reader = await user.FollowAsync(version);
        Assert.True(await reader.ReadAsync(parser => parser.Frames.Count == 3));
        Assert.Equal("text/event-stream", reader.Response.Content.Headers.ContentType!.ToString());

        Assert.Equal(HttpStatusCode.NoContent, (await user.SendAsync(HttpMethod.Delete, $"/v1/streams/{version}")).Status);
        EventsTests.AssertWhole(await reader.ReadAllAsync(), version, 0);
        using var again = await user.FollowAsync(version, $"{version}:1");
        EventsTests.AssertWhole(await again.ReadAllAsync(), version, 2);
    }

    public void Dispose() => _folder.Dispose();

    private async Task<RealProcess> StartAsync(Uri gateway)
    {
        await File.WriteAllTextAsync(_folder["nginx.conf"], $$"""
            daemon off;
            pid {{_folder["nginx.pid"]}};
            error_log {{_folder["error.log"]}};
            events { }
            http {
              access_log off;
              client_body_temp_path {{_folder["body"]}};
              proxy_temp_path {{_folder["proxy"]}};
              fastcgi_temp_path {{_folder["fastcgi"]}};
              uwsgi_temp_path {{_folder["uwsgi"]}};
              scgi_temp_path {{_folder["scgi"]}};
              server {
                listen 127.0.0.1:{{_port}};
                location / { proxy_pass {{gateway.GetLeftPart(UriPartial.Authority)}}; }
              }
            }
            """);
        var nginx = RealProcess.Start(new RealProcessStart(
            RealProcess.Find("nginx", "nginx"), "-p", _folder.Path, "-c", _folder["nginx.conf"], "-e", _folder["start.log"]));
        using var probe = new HttpClient();
        await nginx.WaitReadyAsync(async () => (await probe.GetAsync(new Uri($"http://127.0.0.1:{_port}/healthz"))).IsSuccessStatusCode);
        return nginx;
    }
}
