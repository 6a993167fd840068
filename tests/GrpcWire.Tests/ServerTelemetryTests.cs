using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Fairway.GrpcWire.Tests.Messages;
using Fairway.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fairway.GrpcWire.Tests;

public sealed class ServerTelemetryTests
{
    [Fact]
    public async Task Calls_Ended_AreMeasuredByMethodAndStatus()
    {
        IMeterFactory? meters = null;
        var seen = new ConcurrentBag<(object? Method, object? Status)>();
        await using var server = await TestServer.StartAsync(app =>
        {
            meters = app.Services.GetRequiredService<IMeterFactory>();
            app.MapGrpcUnary(Echo.Unary, (request, _) =>
                request.Count == 0 ? Task.FromResult(request) : throw new GrpcException(GrpcStatus.Aborted, "no"));
            app.MapGrpcUnimplementedFallback();
        });
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name == "fairway_grpc_server_duration_seconds" && instrument.Meter.Scope == meters)
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, seconds, tags, _) =>
            seen.Add((tags[0].Value, seconds >= 0 ? tags[1].Value : "negative")));
        listener.Start();
        using var channel = new GrpcChannel(server.Address);

        await channel.UnaryAsync(Echo.Unary, new Text());
        await Assert.ThrowsAsync<GrpcException>(() => channel.UnaryAsync(Echo.Unary, new Text { Count = 1 }));
        await Assert.ThrowsAsync<GrpcException>(() => channel.UnaryAsync(Echo.Many, new Text()));

        await Eventually.True(() => seen.Count == 3);
        Assert.Contains(("/fairway.test.Echo/Unary", "Ok"), seen);
        Assert.Contains(("/fairway.test.Echo/Unary", "Aborted"), seen);
        Assert.Contains(("other", "Unimplemented"), seen);
    }

    [Fact]
    public async Task Handler_UnexpectedException_IsLoggedButNotSent()
    {
        var logs = new Logs();
        await using var server = await TestServer.StartAsync(
            app => app.MapGrpcUnary(Echo.Unary, Task<Text> (_, _) => throw new InvalidOperationException("secret")), logs: logs);
        using var channel = new GrpcChannel(server.Address);

        var e = await Assert.ThrowsAsync<GrpcException>(() => channel.UnaryAsync(Echo.Unary, new Text()));

        Assert.Equal(GrpcStatus.Unknown, e.Status);
        Assert.DoesNotContain("secret", e.ToString(), StringComparison.Ordinal);
        Assert.Contains(logs.Errors, error => error?.Message == "secret");
    }

    private sealed class Logs : ILoggerProvider, ILogger
    {
        public ConcurrentBag<Exception?> Errors { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Errors.Add(exception);

        public void Dispose()
        {
        }
    }
}
