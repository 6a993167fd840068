using System.Buffers.Binary;
using System.Net;
using System.Threading.Channels;
using Fairway.Core.Directory;
using Fairway.GrpcWire;
using Fairway.GrpcWire.Health;
using Fairway.GrpcWire.Orca;
using Fairway.Registry;
using Fairway.Registry.Schema;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fairway.Exporter.Tests.Peers;

/// <summary>An instance in this process: real gRPC, with health and load reports as the test says.</summary>
internal sealed class GrpcInstance : IAsyncDisposable
{
    private readonly WebApplication _app;
    private Channel<byte[]> _reports = Channel.CreateUnbounded<byte[]>();

    private GrpcInstance(WebApplication app) => _app = app;

    /// <summary>What a health check is answered; null answers UNIMPLEMENTED.</summary>
    public HealthCheckResponse.Types.ServingStatus? Health { get; set; } = HealthCheckResponse.Types.ServingStatus.Serving;

    /// <summary>Requests for reports so far, with the interval asked for.</summary>
    public List<OrcaLoadReportRequest> Requests { get; } = [];

    public string Address { get; private set; } = "";

    public int Port => int.Parse(Address.Split(':')[1]);

    public static async Task<GrpcInstance> StartAsync(int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseShutdownTimeout(TimeSpan.Zero);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.UseGrpcEndpoint(new IPEndPoint(IPAddress.Loopback, port)));
        var app = builder.Build();
        var instance = new GrpcInstance(app);
        app.MapGrpcUnary(WellKnown.HealthCheck, instance.CheckAsync);
        app.MapPost(WellKnown.OrcaStreamCoreMetrics.Path, instance.StreamAsync);
        await app.StartAsync();
        instance.Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Authority;
        return instance;
    }

    public InstanceRecord Record(string id, string probe = Probes.Orca) => new()
    {
        Service = "orders", Id = id, Address = Address, Protocol = "grpc", Probe = probe, Zone = "z1",
    };

    public void Report(OrcaLoadReport report) => ReportBytes(report.ToByteArray());

    /// <summary>Sends any bytes as one message.</summary>
    public void ReportBytes(params byte[] message)
    {
        var frame = new byte[message.Length + 5];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        _reports.Writer.TryWrite(frame);
    }

    /// <summary>Sends a message cut off in its middle, and ends the stream.</summary>
    public void ReportCut()
    {
        var reports = _reports;
        _reports = Channel.CreateUnbounded<byte[]>();
        reports.Writer.TryWrite([0, 0, 0, 0, 100, 1, 2, 3]);
        reports.Writer.Complete();
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private Task<HealthCheckResponse> CheckAsync(HealthCheckRequest request, GrpcServerContext context) => Health is { } status
        ? Task.FromResult(new HealthCheckResponse { Status = status })
        : throw new GrpcException(GrpcStatus.Unimplemented, "no health here");

    // By hand: the test says the bytes.
    private async Task StreamAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        lock (Requests)
        {
            Requests.Add(OrcaLoadReportRequest.Parser.ParseFrom(body.ToArray()[5..]));
        }

        http.Response.ContentType = "application/grpc";
        await http.Response.StartAsync();
        await http.Response.Body.FlushAsync();
        var reports = _reports.Reader;
        try
        {
            while (await reports.WaitToReadAsync(http.RequestAborted))
            {
                while (reports.TryRead(out var frame))
                {
                    await http.Response.Body.WriteAsync(frame);
                    await http.Response.Body.FlushAsync();
                }
            }
        }
        catch (OperationCanceledException)
        {
            return;
        }

        http.Response.AppendTrailer("grpc-status", "0");
    }
}

internal static class RegistryWrites
{
    public static Task RegisterAsync(this IRegistry registry, InstanceRecord record) =>
        registry.PutAsync(RegistryKeys.Instance(record.Service, record.Id), InstanceCodec.Encode(record));

    public static Task DeregisterAsync(this IRegistry registry, InstanceRecord record) =>
        registry.DeleteAsync(RegistryKeys.Instance(record.Service, record.Id));
}
