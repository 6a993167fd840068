using Fairway.Testing;

namespace Fairway.Sse;

/// <summary>The peer: nginx with nchan from Debian's packages, one worker.</summary>
internal sealed class Nchan : IAsyncDisposable
{
    private const string Module = "/usr/lib/nginx/modules/ngx_nchan_module.so";

    private readonly TempFolder _folder;
    private readonly RealProcess _process;
    private Publisher? _publisher;

    private Nchan(TempFolder folder, RealProcess process, int port)
    {
        (_folder, _process) = (folder, process);
        Url = new Uri($"http://127.0.0.1:{port}");
    }

    public Uri Url { get; }

    /// <summary>The process that holds the connections.</summary>
    public int WorkerPid => NginxServer.Children(_process.Pid)[0];

    /// <param name="commentSeconds">The silence that a comment breaks, as the Gateway's do; 0, nchan's default, is none.</param>
    public static async Task<Nchan> StartAsync(int commentSeconds = 0)
    {
        var folder = new TempFolder();
        var port = FreePort.Next();
        await File.WriteAllTextAsync(folder["nginx.conf"], Configuration(folder.Path, port, commentSeconds));
        var process = RealProcess.Start(new RealProcessStart(
            RealProcess.Find("nginx", "libnginx-mod-nchan"), "-p", folder.Path, "-c", folder["nginx.conf"], "-e", folder["error.log"]));
        var nchan = new Nchan(folder, process, port);
        await process.WaitReadyAsync(async () => await NginxServer.IsOpenAsync(port) && NginxServer.Children(process.Pid).Count > 0); // it listens before it has one
        nchan._publisher = new Publisher(nchan.Url);
        return nchan;
    }

    public static string Subscriber(int channel) => $"/sub/{channel}";

    public void Publish(int channel, ReadOnlySpan<byte> message) => _publisher!.Publish(channel, message);

    public async ValueTask DisposeAsync()
    {
        _publisher?.Dispose();
        await _process.DisposeAsync();
        _folder.Dispose();
    }

    private static string Configuration(string folder, int port, int commentSeconds) => $$"""
        load_module {{Module}};
        daemon off;
        worker_processes 1;
        pid {{folder}}/nginx.pid;
        error_log {{folder}}/error.log crit;
        events { worker_connections 16384; }
        http {
            access_log off;
            tcp_nodelay on;
            keepalive_requests 100000000;
            client_body_temp_path {{folder}}/body;
            proxy_temp_path {{folder}}/proxy;
            fastcgi_temp_path {{folder}}/fastcgi;
            uwsgi_temp_path {{folder}}/uwsgi;
            scgi_temp_path {{folder}}/scgi;
            nchan_shared_memory_size 256M;
            nchan_message_buffer_length 5;
            server {
                listen 127.0.0.1:{{port}} backlog=8192;
                {{(commentSeconds > 0 ? $"nchan_eventsource_ping_interval {commentSeconds}; nchan_eventsource_ping_comment -; nchan_eventsource_ping_event \"\";" : "")}}
                location ~ ^/sub/(\d+)$ { nchan_subscriber eventsource; nchan_channel_id $1; nchan_subscriber_first_message newest; }
                location ~ ^/pub/(\d+)$ { nchan_publisher; nchan_channel_id $1; }
            }
        }
        """;
}
