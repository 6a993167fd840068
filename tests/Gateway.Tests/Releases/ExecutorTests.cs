using System.Net;
using System.Text.Json.Nodes;
using Fairway.Gateway.Releases;
using Fairway.Gateway.Releases.Executors;
using Fairway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Fairway.Gateway.Tests.Releases;

[Trait("Engine", "any")]
public sealed class ExecutorTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Command_Placeholders_StayOneArgumentEach()
    {
        var executor = Command($"{Script("for a in \"$@\"; do echo \"[$a]\"; done > " + _folder["said"])} {{service}} --lane={{lane}} {{count}} {{stop}} {{version}}");

        await executor.ScaleAsync(
            new ScaleRequest("orders", "2; rm -rf /", "orders-2", 3, [new("a", "10.0.0.1:1"), new("b", "10.0.0.2:1")]), CancellationToken.None);

        Assert.Equal(["[orders]", "[--lane=orders-2]", "[3]", "[a,b]", "[2; rm -rf /]"], await File.ReadAllLinesAsync(_folder["said"]));
    }

    [Theory]
    [InlineData("echo no room >&2; exit 3", "ended with 3: no room")]
    [InlineData("exec sleep 600", "took over 1 s")]
    public async Task Command_FailsOrHangs_SaysWhy(string body, string expected)
    {
        var failed = await Assert.ThrowsAsync<ExecutorException>(
            () => Command(Script(body)).ScaleAsync(new ScaleRequest("orders", "2", "", 1, []), CancellationToken.None));

        Assert.Contains(expected, failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_NoSuchProgram_SaysSo()
    {
        var failed = await Assert.ThrowsAsync<ExecutorException>(
            () => Command(_folder["absent"]).ScaleAsync(new ScaleRequest("orders", "2", "", 1, []), CancellationToken.None));

        Assert.Contains("cannot be started", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kubernetes_LaneThenBaseThenGone_IsWhatTheApiSees()
    {
        await using var api = await KubernetesApi.StartAsync();
        using var executor = new KubernetesExecutor(Options.Create(new ReleaseOptions
        {
            Kubernetes = new KubernetesOptions { ApiServer = api.Url, TokenFile = _folder["token"], CaFile = _folder["none"], Namespace = "shop" },
        }));
        await File.WriteAllTextAsync(_folder["token"], "t0ken\n");

        await executor.ScaleAsync(new ScaleRequest("orders", "2.1", "orders-2.1", 3, []), CancellationToken.None);
        var made = api.Deployments["orders-orders-2.1"];
        Assert.Equal(3, (int)made["spec"]!["replicas"]!);
        Assert.Equal("registry:5000/orders:2.1", (string?)made["spec"]!["template"]!["spec"]!["containers"]![0]!["image"]);
        Assert.Contains(
            made["spec"]!["template"]!["spec"]!["containers"]![0]!["env"]!.AsArray(),
            variable => (string?)variable!["name"] == "COLORING_ENV" && (string?)variable["value"] == "orders-2.1");
        Assert.Equal("orders-2.1", (string?)made["spec"]!["selector"]!["matchLabels"]!["fairway-lane"]);
        Assert.Equal("Bearer t0ken", api.Authorization);

        await executor.ScaleAsync(new ScaleRequest("orders", "", "", 1, [new("orders-a", "10.1.0.7:8080")]), CancellationToken.None);
        Assert.Equal(1, (int)api.Deployments["orders"]["spec"]!["replicas"]!);
        Assert.Equal(["pod-7"], api.Unloved);

        await executor.ScaleAsync(new ScaleRequest("orders", "2.1", "orders-2.1", 0, []), CancellationToken.None);
        Assert.Equal(0, (int)api.Deployments["orders-orders-2.1"]["spec"]!["replicas"]!);
    }

    [Fact]
    public async Task Kubernetes_NoSuchDeployment_SaysSo()
    {
        await using var api = await KubernetesApi.StartAsync();
        using var executor = new KubernetesExecutor(Options.Create(new ReleaseOptions
        {
            Kubernetes = new KubernetesOptions { ApiServer = api.Url, TokenFile = _folder["none"], CaFile = _folder["none"], Namespace = "shop" },
        }));

        var failed = await Assert.ThrowsAsync<ExecutorException>(
            () => executor.ScaleAsync(new ScaleRequest("absent", "2", "absent-2", 1, []), CancellationToken.None));

        Assert.Contains("no Deployment 'absent'", failed.Message, StringComparison.Ordinal);
    }

    private static CommandExecutor Command(string command) =>
        new(Options.Create(new ReleaseOptions { Command = command, CommandSeconds = 1 }), TimeProvider.System);

    private string Script(string body)
    {
        var path = _folder["scale.sh"];
        File.WriteAllText(path, body + "\n");
        return "/bin/sh " + path;
    }

    /// <summary>The part of Kubernetes's API that scaling takes: Deployments, their scale, and pods; no cluster can be started here.</summary>
    private sealed class KubernetesApi : IAsyncDisposable
    {
        private readonly WebApplication _app;

        private KubernetesApi(WebApplication app) => _app = app;

        public string Url => _app.Urls.Single();

        public string? Authorization { get; private set; }

        public List<string> Unloved { get; } = [];

        public Dictionary<string, JsonObject> Deployments { get; } = new()
        {
            ["orders"] = JsonNode.Parse("""
                {"metadata":{"name":"orders","uid":"u","resourceVersion":"7"},"spec":{"replicas":3,"selector":{"matchLabels":{"app":"orders"}},
                 "template":{"metadata":{"labels":{"app":"orders"}},
                  "spec":{"containers":[{"name":"orders","image":"registry:5000/orders:1.0","env":[{"name":"A","value":"b"}]}]}}},"status":{"replicas":3}}
                """)!.AsObject(),
        };

        public static async Task<KubernetesApi> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            var app = builder.Build();
            var api = new KubernetesApi(app);
            app.Urls.Add("http://127.0.0.1:0");
            const string Path = "/apis/apps/v1/namespaces/shop/deployments";
            app.MapGet(Path + "/{name}", (HttpContext context, string name) =>
            {
                api.Authorization = context.Request.Headers.Authorization;
                return api.Deployments.TryGetValue(name, out var found) ? Results.Json(found) : Results.NotFound();
            });
            app.MapPost(Path, async (HttpContext context) =>
            {
                var posted = (await JsonNode.ParseAsync(context.Request.Body))!.AsObject();
                Assert.Null(posted["status"]);
                Assert.Null(posted["metadata"]!["resourceVersion"]);
                api.Deployments[(string)posted["metadata"]!["name"]!] = posted;
                return Results.Json(posted, statusCode: (int)HttpStatusCode.Created);
            });
            app.MapPatch(Path + "/{name}/scale", async (HttpContext context, string name) =>
            {
                Assert.Equal("application/merge-patch+json; charset=utf-8", context.Request.ContentType);
                var patch = await JsonNode.ParseAsync(context.Request.Body);
                api.Deployments[name]["spec"]!["replicas"] = (int)patch!["spec"]!["replicas"]!;
                return Results.Json(new JsonObject());
            });
            app.MapGet("/api/v1/namespaces/shop/pods", () => Results.Json(JsonNode.Parse(
                """{"items":[{"metadata":{"name":"pod-6"},"status":{"podIP":"10.1.0.6"}},{"metadata":{"name":"pod-7"},"status":{"podIP":"10.1.0.7"}}]}""")));
            app.MapPatch("/api/v1/namespaces/shop/pods/{name}", (string name) =>
            {
                api.Unloved.Add(name);
                return Results.Json(new JsonObject());
            });
            await app.StartAsync();
            return api;
        }

        public ValueTask DisposeAsync() => _app.DisposeAsync();
    }
}
