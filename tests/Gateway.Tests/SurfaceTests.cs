using System.Net;
using System.Net.Sockets;
using System.Text;
using Fairway.Testing;

namespace Fairway.Gateway.Tests;

/// <summary>What stands around the lists: health, metrics, OpenAPI, page, and calls that no endpoint takes.</summary>
[Collection(GatewayCollection.Name)]
public sealed class SurfaceTests(GatewayFixture fixture)
{
    private GatewayHost Host => fixture.Host;

    [Theory]
    [InlineData("/healthz", "application/json")]
    [InlineData("/readyz", "application/json")]
    [InlineData("/v1/grains", "application/json")]
    [InlineData("/metrics", "text/plain")]
    [InlineData("/openapi/v1.json", "application/json")]
    [InlineData("/", "text/html")]
    [InlineData("/lists", "text/html")]
    [InlineData("/assets/chat.js", "text/javascript")]
    [InlineData("/assets/chat.css", "text/css")]
    [InlineData("/fairway-client.js", "text/javascript")]
    [InlineData("/assets/lists.js", "text/javascript")]
    [InlineData("/assets/style.css", "text/css")]
    public async Task Get_Surface_Is200(string path, string contentType)
    {
        var answer = await Host.GetAsync(path);
        Assert.Equal((HttpStatusCode.OK, contentType), (answer.Status, answer.ContentType));
        Assert.NotEqual("", answer.Text);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/healthz")]
    [InlineData("/metrics")]
    [InlineData("/v1/services")]
    public async Task Head_Surface_HasTheHeadersOfGetAndNoBody(string path)
    {
        var answer = await Host.SendAsync(HttpMethod.Head, path, null, null);
        Assert.Equal((HttpStatusCode.OK, ""), (answer.Status, answer.Text));
        Assert.Equal((await Host.GetAsync(path)).ContentType, answer.ContentType);
    }

    [Theory]
    [InlineData("POST", "/v1/services/s/best")]
    [InlineData("POST", "/v1/services/s/policy")]
    [InlineData("GET", "/v1/services/s/instances/a")]
    [InlineData("GET", "/v1/services/s/instances/a/heartbeat")]
    [InlineData("PATCH", "/v1/lanes/l")]
    [InlineData("DELETE", "/healthz")]
    [InlineData("PUT", "/metrics")]
    public async Task Call_OtherMethod_Is405Problem(string method, string path) =>
        (await Host.SendAsync(new HttpMethod(method), path, null, null)).AssertRefused(HttpStatusCode.MethodNotAllowed, "METHOD_NOT_ALLOWED");

    [Theory]
    [InlineData("GET", "/nowhere")]
    [InlineData("GET", "/v1")]
    [InlineData("PUT", "/v1/services/s")]
    [InlineData("GET", "/openapi/v2.json")]
    public async Task Call_OtherPath_Is404Problem(string method, string path) =>
        (await Host.SendAsync(new HttpMethod(method), path, null, null)).AssertRefused(HttpStatusCode.NotFound, "NOT_FOUND");

    [Fact]
    public async Task Grains_ShowsTheDirectoryGrains()
    {
        var grains = (await Host.GetAsync("/v1/grains")).Json;
        Assert.NotEqual("", grains.GetProperty("engine").GetString());
        var types = grains.GetProperty("silos")[0].GetProperty("grains").EnumerateArray().ToDictionary(
            grain => grain.GetProperty("type").GetString()!, grain => grain.GetProperty("active").GetInt32());
#if ENGINE_ORLEANS
        Assert.InRange(types["RegistryGrain"], 1, 100); // Orleans counts by process, and other tests run silos in this one
#else
        Assert.Equal(1, types["RegistryGrain"]);
#endif
    }

    [Fact]
    public async Task OpenApi_DescribesEveryCallWithItsRefusals()
    {
        var document = (await Host.GetAsync("/openapi/v1.json")).Json;
        var paths = document.GetProperty("paths");
        string[] expected =
        [
            "/v1/services", "/v1/members", "/v1/services/{service}/best", "/v1/services/{service}/route", "/v1/edge/snapshot",
            "/v1/services/{service}/instances/{id}", "/v1/services/{service}/instances/{id}/heartbeat", "/v1/services/{service}/instances/{id}/status",
            "/v1/services/{service}/policy", "/v1/services/{service}/grey", "/v1/services/{service}/limits", "/v1/offline/{address}",
            "/v1/lanes", "/v1/lanes/{lane}", "/v1/lanes/{lane}/services/{service}", "/v1/grains", "/metrics", "/healthz", "/readyz",
            "/v1/session", "/v1/streams", "/v1/streams/current/events", "/v1/streams/{version}", "/v1/streams/{version}/events",
            "/v1/streams/{version}/ack", "/v1/history",
            "/v1/releases", "/v1/services/{service}/release", "/v1/services/{service}/release/verify", "/v1/services/{service}/release/pause",
            "/v1/services/{service}/release/resume", "/v1/services/{service}/release/finish", "/v1/services/{service}/release/rollback",
            "/v1/chat/completions", "/v1/models", "/v1/models/{id}", "/v1/responses", "/v1/responses/{id}", "/v1/responses/{id}/cancel",
        ];
        Assert.Equal(expected.Order(), paths.EnumerateObject().Select(path => path.Name).Order());
        var put = paths.GetProperty("/v1/services/{service}/instances/{id}").GetProperty("put");
        Assert.True(put.TryGetProperty("requestBody", out _));
        Assert.All(["200", "201", "400", "401", "409", "413", "503"], status => Assert.True(put.GetProperty("responses").TryGetProperty(status, out _), status));
        var line = document.GetProperty("components").GetProperty("schemas").GetProperty("InstanceLine").GetProperty("properties");
        Assert.Equal("number", line.GetProperty("weight").GetProperty("type").GetString());
        var best = paths.GetProperty("/v1/services/{service}/best").GetProperty("get").GetProperty("parameters").EnumerateArray();
        Assert.Contains("explain", best.Select(parameter => parameter.GetProperty("name").GetString()));
        Assert.True(document.GetProperty("components").GetProperty("schemas").TryGetProperty("ExplainDocument", out _));
        var schemas = document.GetRawText();
        Assert.Contains("\"warming\"", schemas, StringComparison.Ordinal);
        foreach (var operation in paths.EnumerateObject().SelectMany(path => path.Value.EnumerateObject()))
        {
            Assert.NotEqual("", operation.Value.GetProperty("summary").GetString());
        }
    }

    [Fact]
    public async Task Metrics_Text_IsWellFormed()
    {
        await Host.GetAsync("/v1/services");
        var text = (await Host.GetAsync("/metrics")).Text;
        Assert.Contains("\nfairway_gateway_ready 1\n", text, StringComparison.Ordinal);
        Assert.Contains("# TYPE http_server_request_duration_seconds histogram\n", text, StringComparison.Ordinal);
        var typed = new HashSet<string>();
        foreach (var line in text.TrimEnd('\n').Split('\n'))
        {
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                Assert.True(typed.Add(line.Split(' ')[2]), $"two families of one name: {line}");
            }
            else
            {
                Assert.Matches("""^(# HELP [a-zA-Z_:][a-zA-Z0-9_:]* .*|[a-zA-Z_:][a-zA-Z0-9_:]*(\{[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*"(,[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*")*\})? (NaN|[+-]Inf|[-+0-9.eE]+))$""", line);
            }
        }
    }

    [Fact]
    public async Task Metrics_OfTheProcess_AreToldOnce()
    {
        var text = (await Host.GetAsync("/metrics")).Text;

        Assert.All(
            (string[])["process_cpu_seconds_total", "process_resident_memory_bytes", "dotnet_gc_heap_size_bytes", "dotnet_gc_pause_seconds_total", "dotnet_thread_pool_threads"],
            name => Assert.Contains($"# TYPE {name} ", text, StringComparison.Ordinal));
        Assert.All(
            (string[])["dotnet_process_cpu_time", "dotnet_process_memory_working_set", "dotnet_gc_last_collection_heap_size", "dotnet_gc_pause_time", "dotnet_thread_pool_thread_count"],
            twin => Assert.DoesNotContain($"# TYPE {twin}", text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Chunked_OverKiB64_IsBodyTooLarge()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(Host.Client.BaseAddress!.Host, Host.Client.BaseAddress.Port);
        var stream = client.GetStream();
        var head = $"PUT /v1/lanes/big HTTP/1.1\r\nHost: x\r\nx-registrar-key: {GatewayHost.RegistrarKey}\r\nTransfer-Encoding: chunked\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head + "11000\r\n" + new string(' ', 0x11000) + "\r\n0\r\n\r\n"));
        using var reader = new StreamReader(stream);
        Assert.Equal("HTTP/1.1 413 Payload Too Large", await reader.ReadLineAsync());
    }

    [Fact]
    public async Task Members_WhileAnEdgeReads_HasIt()
    {
        var version = (await Host.GetAsync("/v1/edge/snapshot")).Json.GetProperty("version").GetString();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/edge/snapshot?since={version}&wait=60s");
        request.Headers.Add("x-fairway-edge", "edge-7");
        request.Headers.Add("x-fairway-edge-address", "10.0.0.7:80");
        request.Headers.Add("x-fairway-edge-version", "0.1.0");
        using var leave = new CancellationTokenSource();
        var reading = Host.Client.SendAsync(request, leave.Token);

        await Eventually.TrueAsync(async () => (await Host.GetAsync("/v1/members")).Text.Contains(
            """{"id":"edge-7","address":"10.0.0.7:80","version":"0.1.0"}""", StringComparison.Ordinal));
        Assert.Contains(Host.Client.BaseAddress!.Authority, (await Host.GetAsync("/v1/members")).Json.GetProperty("gateways")[0].GetProperty("address").GetString(), StringComparison.Ordinal);
        Assert.Contains("\nfairway_gateway_edges 1\n", (await Host.GetAsync("/metrics")).Text, StringComparison.Ordinal);

        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }

    [Fact]
    public async Task Edge_Gateways_HasThisOne()
    {
        await Eventually.TrueAsync(async () => (await Host.GetAsync("/v1/edge/snapshot")).Json.GetProperty("gateways").GetArrayLength() == 1);
        var gateway = (await Host.GetAsync("/v1/edge/snapshot")).Json.GetProperty("gateways")[0];
        Assert.Equal(Host.Client.BaseAddress!.Authority, gateway.GetProperty("address").GetString());
    }
}
