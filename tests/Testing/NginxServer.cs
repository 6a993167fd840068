using System.Globalization;
using System.Net.Sockets;

namespace Fairway.Testing;

/// <summary>
/// A real nginx on a free loopback port, with a temporary folder for all it writes. What it serves is the text of its
/// <c>server</c> block; Lua is there where Debian's module is installed.
/// </summary>
public sealed class NginxServer : IAsyncDisposable
{
    private const string Modules = "/usr/lib/nginx/modules";

    private readonly TempFolder _folder;
    private readonly RealProcess _process;

    private NginxServer(TempFolder folder, RealProcess process, int port)
    {
        _folder = folder;
        _process = process;
        Endpoint = new Uri($"http://127.0.0.1:{port}");
    }

    public Uri Endpoint { get; }

    public RealProcess Process => _process;

    public string ErrorLog => File.ReadAllText(_folder["error.log"]);

    /// <summary>The worker processes, as the kernel knows them now.</summary>
    public IReadOnlyList<int> WorkerPids => Children(_process.Pid);

    /// <summary>Starts nginx and returns when its port is open.</summary>
    /// <param name="server">Directives of the server block, without <c>listen</c>.</param>
    /// <param name="http">Directives of the http block beside it: upstreams, maps, limits.</param>
    /// <param name="workers">Number of worker processes.</param>
    /// <param name="address">Where it listens; 0.0.0.0 answers under every loopback address.</param>
    /// <exception cref="InvalidOperationException">nginx is not installed, or refuses the configuration; the message says why.</exception>
    public static async Task<NginxServer> StartAsync(string server, string http = "", int workers = 1, string address = "127.0.0.1")
    {
        var folder = new TempFolder();
        var port = FreePort.Next();
        RealProcess? process = null;
        try
        {
            var program = RealProcess.Find("nginx", "nginx");
            await File.WriteAllTextAsync(folder["nginx.conf"], Configuration(folder.Path, server, http, workers, $"{address}:{port}"));
            process = RealProcess.Start(new RealProcessStart(program, "-p", folder.Path, "-c", folder["nginx.conf"], "-e", folder["error.log"]));
            await process.WaitReadyAsync(() => IsOpenAsync(port));
            return new NginxServer(folder, process, port);
        }
        catch (Exception error)
        {
            var log = File.Exists(folder["error.log"]) ? await File.ReadAllTextAsync(folder["error.log"]) : "";
            if (process != null)
            {
                await process.DisposeAsync();
            }

            folder.Dispose();
            throw new InvalidOperationException($"{error.Message}\n{log}", error);
        }
    }

    /// <summary>SIGHUP: new workers with the configuration as it stands on disk; the old ones end with their last request.</summary>
    public void Reload() => Signals.Send(_process.Pid, Signals.Hangup);

    /// <summary>SIGQUIT: no new connections; ends with its last request.</summary>
    public void Drain() => Signals.Send(_process.Pid, Signals.Quit);

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>Whether something listens on this loopback port.</summary>
    public static async Task<bool> IsOpenAsync(int port)
    {
        using var probe = new TcpClient();
        await probe.ConnectAsync("127.0.0.1", port);
        return true;
    }

    public static IReadOnlyList<int> Children(int pid) =>
        [.. File.ReadAllText($"/proc/{pid}/task/{pid}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(text => int.Parse(text, CultureInfo.InvariantCulture))];

    private static string Configuration(string folder, string server, string http, int workers, string listen)
    {
        string[] modules = [.. new[] { "ndk_http_module.so", "ngx_http_lua_module.so" }.Select(name => Path.Combine(Modules, name)).Where(File.Exists)];
        var lua = modules.Length == 0 ? "" : """
            lua_package_path "/usr/share/lua/5.1/?.lua;;";
                lua_package_cpath "/usr/lib/x86_64-linux-gnu/lua/5.1/?.so;;";
            """;
        return $$"""
            {{string.Join('\n', modules.Select(module => $"load_module {module};"))}}
            daemon off;
            worker_processes {{workers}};
            pid {{folder}}/nginx.pid;
            error_log {{folder}}/error.log notice;
            events { worker_connections 8192; }
            http {
                access_log off;
                client_body_temp_path {{folder}}/body;
                proxy_temp_path {{folder}}/proxy;
                fastcgi_temp_path {{folder}}/fastcgi;
                uwsgi_temp_path {{folder}}/uwsgi;
                scgi_temp_path {{folder}}/scgi;
                {{lua}}
                {{http}}
                server {
                    listen {{listen}};
                    {{server}}
                }
            }
            """;
    }
}
