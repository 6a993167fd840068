using System.Net;
using Fairway.Exporter;
using Fairway.GrpcWire;
using Fairway.GrpcWire.Health;
using Fairway.Registry;
using Fairway.Registry.Schema;
using Fairway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fairway.Gateway.Tests.Registration;

[Trait("Engine", "any")]
public sealed class ServicesFileTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(6);

    private readonly TempFolder _folder = new();

    private string File => _folder["services.json"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task File_AtStart_RegistersWithAllFields()
    {
        Write("""{"services":{"billing":{"b1":{"address":"10.0.0.7:8080","zone":"z1","weight":50,"team":"blue"},"b2":{"address":"10.0.0.8:8080"}}}}""");
        await using var host = await GatewayHost.StartAsync("--services", File);

        await Eventually.TrueAsync(async () => await host.IdsAsync("billing") is { Length: 2 }, Soon);
        var stored = (await host.Registry.GetAsync(RegistryKeys.Instance("billing", "b1")))!.Value;
        Assert.Contains("\"team\":\"blue\"", stored.Value.ToStringUtf8(), StringComparison.Ordinal);
        Assert.NotEqual(0, stored.Lease);
    }

    [Fact]
    public async Task File_Changed_IsReadAgain()
    {
        Write("""{"services":{"billing":{"b1":{"address":"10.0.0.7:8080"},"b2":{"address":"10.0.0.8:8080"}}}}""");
        await using var host = await GatewayHost.StartAsync("--services", File);
        await Eventually.TrueAsync(async () => await host.IdsAsync("billing") is { Length: 2 }, Soon);
        var untouched = (await host.Registry.GetAsync(RegistryKeys.Instance("billing", "b1")))!.Value.ModRevision;

        Write("""{"services":{"billing":{"b1":{"address":"10.0.0.7:8080"}},"mail":{"m1":{"address":"10.0.0.9:25"}}}}""");

        await Eventually.TrueAsync(
            async () => await host.IdsAsync("billing") is ["b1"] && await host.IdsAsync("mail") is ["m1"], Soon);
        Assert.Equal(untouched, (await host.Registry.GetAsync(RegistryKeys.Instance("billing", "b1")))!.Value.ModRevision);
    }

    [Theory]
    [InlineData("{", "BAD_JSON")]
    [InlineData("""{"services":[]}""", "BAD_FIELD")]
    [InlineData("{}", "BAD_FIELD")]
    [InlineData("""{"services":{"billing":{"b1":{}}}}""", "BAD_FIELD")]
    [InlineData("""{"services":{"billing":{"b1":{"address":"10.0.0.7:8080","ttlSeconds":5}}}}""", "BAD_FIELD")]
    [InlineData("""{"services":{"bill ing":{"b1":{"address":"10.0.0.7:8080"}}}}""", "BAD_NAME")]
    [InlineData("""{"services":{"edge":{"b1":{"address":"10.0.0.7:8080"}}}}""", "NAME_RESERVED")]
    public async Task File_Malformed_KeepsTheLastGoodAndSaysWhy(string content, string code)
    {
        Write("""{"services":{"billing":{"b1":{"address":"10.0.0.7:8080"}}}}""");
        await using var host = await GatewayHost.StartAsync("--services", File);
        await Eventually.TrueAsync(async () => await host.IdsAsync("billing") is ["b1"], Soon);

        Write(content);

        await Eventually.True(() => host.Log.Lines.Any(line => line.Contains($"SERVICES_FILE_INVALID: {File} is not taken, the last good one stands: {code}", StringComparison.Ordinal)), Soon);
        Assert.Equal(["b1"], await host.IdsAsync("billing"));

        Write("""{"services":{"billing":{"b2":{"address":"10.0.0.7:8080"}}}}""");
        await Eventually.TrueAsync(async () => await host.IdsAsync("billing") is ["b2"], Soon);
    }

    [Fact]
    public async Task File_Absent_IsSaidAndReadWhenItComes()
    {
        await using var host = await GatewayHost.StartAsync("--services", File);
        await Eventually.True(() => host.Log.Lines.Any(line => line.Contains("NOT_SET", StringComparison.Ordinal)), Soon);

        Write("""{"services":{"billing":{"b1":{"address":"10.0.0.7:8080"}}}}""");

        await Eventually.TrueAsync(async () => await host.IdsAsync("billing") is ["b1"], Soon);
    }

    [Fact]
    public async Task File_UnknownLane_IsSaidAndTriedAgain()
    {
        Write("""{"services":{"billing":{"b1":{"address":"10.0.0.7:8080","lane":"green"}}}}""");
        await using var host = await GatewayHost.StartAsync("--services", File);
        await Eventually.True(() => host.Log.Lines.Any(line => line.Contains("SERVICES_FILE_ENTRY: billing/b1", StringComparison.Ordinal)), Soon);

        await host.PutAsync("/v1/lanes/green", """{"owner":"me"}""");

        await Eventually.TrueAsync(async () => await host.IdsAsync("billing", "?lane=green") is ["b1"], Soon);
    }

    [Fact]
    public async Task SeveralGatewaysWithOneFile_OneStops_InstancesStayOnTheSameLease()
    {
        Write("""{"services":{"billing":{"b1":{"address":"10.0.0.7:8080","ttlSeconds":10}}}}""");
        await using var etcd = await EtcdServer.StartAsync();
        await using var stays = await GatewayHost.StartAsync("--services", File, "--etcd", etcd.Endpoint.ToString());
        var goes = await GatewayHost.StartAsync("--services", File, "--etcd", etcd.Endpoint.ToString());
        await Eventually.True(() => goes.Log.Lines.Any(line => line.Contains("registers 1 instances", StringComparison.Ordinal)), Soon);
        await Eventually.TrueAsync(async () => await goes.IdsAsync("billing") is ["b1"], Soon);
        var before = (await stays.Registry.GetAsync(RegistryKeys.Instance("billing", "b1")))!.Value;

        await goes.DisposeAsync();
        await Task.Delay(TimeSpan.FromSeconds(11), TimeProvider.System); // longer than a time to live that nobody renews

        var after = (await stays.Registry.GetAsync(RegistryKeys.Instance("billing", "b1")))!.Value;
        Assert.Equal((before.Lease, before.CreateRevision), (after.Lease, after.CreateRevision));
        Assert.Equal(["b1"], await stays.IdsAsync("billing"));
    }

    [Fact]
    public async Task File_EachProbe_IsFollowedToTheList()
    {
        await using var web = await StartAsync(app => app.MapGet("/ping", () => "pong"), grpc: false);
        await using var grpc = await StartAsync(
            app => app.MapGrpcUnary(WellKnown.HealthCheck, (_, _) => Task.FromResult(new HealthCheckResponse { Status = HealthCheckResponse.Types.ServingStatus.Serving })),
            grpc: true);
        Write($$$"""
            {"services":{"legacy":{
              "web":{"address":"{{{Address(web)}}}","probe":"http","metadata":{"probePath":"/ping"}},
              "rpc":{"address":"{{{Address(grpc)}}}","protocol":"grpc","probe":"grpc-health"},
              "mute":{"address":"10.0.0.7:8080"} } } }
            """);
        await using var host = await GatewayHost.StartAsync("--services", File);
        await using var exporter = await StartExporterAsync(host.Registry);

        await Eventually.TrueAsync(async () => await StatesAsync(host) == "mute=ready rpc=ready web=ready");

        await web.StopAsync();
        await grpc.StopAsync();
        await Eventually.TrueAsync(async () => await StatesAsync(host) == "mute=ready rpc=down web=down");
    }

    private static async Task<string> StatesAsync(GatewayHost host)
    {
        var answer = await host.GetAsync("/v1/services/legacy/best?all=true");
        return answer.Status != HttpStatusCode.OK
            ? ""
            : string.Join(' ', answer.Json.GetProperty("instances").EnumerateArray()
                .Select(line => $"{line.GetProperty("id").GetString()}={line.GetProperty("state").GetString()}").Order(StringComparer.Ordinal));
    }

    private static string Address(WebApplication app) => new Uri(app.Urls.Single()).Authority;

    private static async Task<WebApplication> StartAsync(Action<WebApplication> map, bool grpc)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseShutdownTimeout(TimeSpan.Zero);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            if (grpc)
            {
                kestrel.UseGrpcEndpoint(new IPEndPoint(IPAddress.Loopback, 0));
            }
            else
            {
                kestrel.Listen(IPAddress.Loopback, 0);
            }
        });
        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return app;
    }

    private static async Task<WebApplication> StartExporterAsync(IRegistry registry)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(registry);
        builder.Services.AddExporter(builder.Configuration);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.MapExporter();
        await app.StartAsync();
        return app;
    }

    /// <summary>As editors do it: never half written.</summary>
    private void Write(string content)
    {
        System.IO.File.WriteAllText(_folder["new"], content);
        System.IO.File.Move(_folder["new"], File, overwrite: true);
    }
}
