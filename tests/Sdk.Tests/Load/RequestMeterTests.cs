using System.Diagnostics.Metrics;
using Fairway.Sdk.Load;
using Fairway.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace Fairway.Sdk.Tests.Load;

public sealed class RequestMeterTests
{
    [Fact]
    public async Task Invoke_CallerGivesUp_IsNoError()
    {
        var meter = new RequestMeter(TimeProvider.System);
        using var aborted = new CancellationTokenSource();
        var context = new DefaultHttpContext { RequestAborted = aborted.Token };
        var middleware = new RequestMeterMiddleware(
            async _ =>
            {
                await aborted.CancelAsync();
                aborted.Token.ThrowIfCancellationRequested();
            },
            meter,
            header: null);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => middleware.InvokeAsync(context));

        Assert.Equal((1, 0, 0), (meter.Totals.Completed, meter.Totals.Failed, meter.InFlight));
    }

    [Theory]
    [InlineData(200, 0)]
    [InlineData(404, 0)]
    [InlineData(500, 1)]
    [InlineData(503, 1)]
    public async Task Invoke_Status_CountsFrom500AsError(int status, long failed)
    {
        var meter = new RequestMeter(TimeProvider.System);
        var middleware = new RequestMeterMiddleware(
            context =>
            {
                Assert.Equal(1, meter.InFlight);
                context.Response.StatusCode = status;
                return Task.CompletedTask;
            },
            meter,
            header: null);

        await middleware.InvokeAsync(new DefaultHttpContext());

        Assert.Equal((1, failed), (meter.Totals.Completed, meter.Totals.Failed));
    }

    [Theory]
    [InlineData("0", 0)] // OK
    [InlineData("1", 0)] // CANCELLED: the caller gave up
    [InlineData("2", 1)] // UNKNOWN
    [InlineData("3", 0)] // INVALID_ARGUMENT
    [InlineData("4", 1)] // DEADLINE_EXCEEDED
    [InlineData("5", 0)] // NOT_FOUND
    [InlineData("6", 0)] // ALREADY_EXISTS
    [InlineData("7", 0)] // PERMISSION_DENIED
    [InlineData("8", 1)] // RESOURCE_EXHAUSTED: refusing fast must not attract
    [InlineData("9", 0)] // FAILED_PRECONDITION
    [InlineData("10", 0)] // ABORTED
    [InlineData("11", 0)] // OUT_OF_RANGE
    [InlineData("12", 1)] // UNIMPLEMENTED
    [InlineData("13", 1)] // INTERNAL
    [InlineData("14", 1)] // UNAVAILABLE
    [InlineData("15", 1)] // DATA_LOSS
    [InlineData("16", 0)] // UNAUTHENTICATED
    [InlineData(null, 0)]
    public async Task Invoke_GrpcStatus_CountsTheServersOwnAsError(string? status, long failed)
    {
        foreach (var inTrailers in (bool[])[true, false])
        {
            var meter = new RequestMeter(TimeProvider.System);
            var context = new DefaultHttpContext();
            var trailers = new TrailersFeature();
            context.Features.Set<IHttpResponseTrailersFeature>(trailers);
            var middleware = new RequestMeterMiddleware(
                _ =>
                {
                    context.Response.ContentType = "application/grpc+proto";
                    (inTrailers ? trailers.Trailers : context.Response.Headers)["grpc-status"] = status;
                    return Task.CompletedTask;
                },
                meter,
                header: null);

            await middleware.InvokeAsync(context);

            Assert.Equal((1, failed), (meter.Totals.Completed, meter.Totals.Failed));
        }
    }

    [Fact]
    public async Task Invoke_GrpcStatusOnWhatIsNoGrpc_IsNoError()
    {
        var meter = new RequestMeter(TimeProvider.System);
        var middleware = new RequestMeterMiddleware(
            context =>
            {
                context.Response.ContentType = "application/json";
                context.Response.Headers["grpc-status"] = "13";
                return Task.CompletedTask;
            },
            meter,
            header: null);

        await middleware.InvokeAsync(new DefaultHttpContext());

        Assert.Equal((1, 0), (meter.Totals.Completed, meter.Totals.Failed));
    }

    [Fact]
    public async Task Invoke_Throws_CountsAnErrorAndPassesItOn()
    {
        var meter = new RequestMeter(TimeProvider.System);
        var middleware = new RequestMeterMiddleware(_ => throw new InvalidOperationException("as asked"), meter, header: null);

        await Assert.ThrowsAsync<InvalidOperationException>(() => middleware.InvokeAsync(new DefaultHttpContext()));

        Assert.Equal((1, 1, 0), (meter.Totals.Completed, meter.Totals.Failed, meter.InFlight));
    }

    [Fact]
    public async Task BeginEnd_ManyThreads_LoseNothing()
    {
        var meter = new RequestMeter(new ManualClock());
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var count = 0; count < 10_000; count++)
            {
                meter.End(meter.Begin(), failed: count % 2 == 0);
            }
        })));

        Assert.Equal((40_000, 20_000, 0), (meter.Totals.Completed, meter.Totals.Failed, meter.InFlight));
    }

    [Fact]
    public void BeginEnd_OnTheHotPath_AllocatesNothing()
    {
        var meter = new RequestMeter(TimeProvider.System);
        meter.End(meter.Begin(), failed: false);

        var allocated = Allocations.Least(() =>
        {
            for (var count = 0; count < 1000; count++)
            {
                meter.End(meter.Begin(), failed: false);
            }
        });

        Assert.Equal(0, allocated);
    }

    [Fact]
    public async Task Metrics_OfARunningService_CarryNamesAndUnits()
    {
        var seen = new Dictionary<string, (string? Unit, long Value)>();
        await using var host = await ServiceHost.StartAsync();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == SdkMetrics.MeterName
                && ReferenceEquals(instrument.Meter.Scope, host.App.Services.GetRequiredService<IMeterFactory>()))
            {
                seen[instrument.Name] = (instrument.Unit, -1);
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => seen[instrument.Name] = (instrument.Unit, value));
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => seen[instrument.Name] = (instrument.Unit, value));
        listener.Start();
        var held = host.Http.GetAsync(new Uri(host.Address, "/hold"));
        await Eventually.True(() => host.InFlight == 1);

        listener.RecordObservableInstruments();

        Assert.Equal(("{request}", 1), seen["fairway_sdk_requests_in_flight"]);
        Assert.Equal(("{instance}", 0), seen["fairway_sdk_registered"]);
        Assert.Contains("fairway_sdk_load_reports_total", seen.Keys);
        Assert.Contains("fairway_sdk_health_checks_total", seen.Keys);
        Assert.Contains("fairway_sdk_registration_attempts_total", seen.Keys);
        host.Release.SetResult();
        await held;
    }

    [Fact]
    public async Task AddFairway_OnAServerWithoutPorts_ServesUnregistered()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.AddFairway(options =>
        {
            options.Service = "orders";
            options.RegistrationEnabled = false;
        });
        await using var app = builder.Build();
        app.MapGet("/", () => "ok");
        await app.StartAsync();

        using var answer = await app.GetTestClient().GetAsync(new Uri("/", UriKind.Relative));

        Assert.True(answer.Headers.Contains(LoadHeader.Name));
        Assert.Equal("ok", await answer.Content.ReadAsStringAsync());
    }

    private sealed class TrailersFeature : IHttpResponseTrailersFeature
    {
        public IHeaderDictionary Trailers { get; set; } = new HeaderDictionary();
    }
}
