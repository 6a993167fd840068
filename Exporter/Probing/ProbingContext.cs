using System.Net.Security;
using Fairway.Core.Directory;
using Fairway.GrpcWire;
using Microsoft.Extensions.Options;

namespace Fairway.Exporter.Probing;

/// <summary>What all probers share: clock, options, the bound on checks under way, the HTTP client, metrics.</summary>
internal sealed class ProbingContext : IDisposable
{
    // Probes go to addresses, which certificates seldom name; whether the server serves does not depend on it.
#pragma warning disable CA5359
    private static readonly RemoteCertificateValidationCallback AnyCertificate = (_, _, _, _) => true;
#pragma warning restore CA5359

    private readonly SemaphoreSlim _turns;
    private readonly HttpMessageInvoker _http;
    private readonly GrpcChannelOptions _channels;
    private readonly ExporterMetrics _metrics;
    private readonly ILogger<ProbingContext> _logger;

    public ProbingContext(IOptions<ExporterOptions> options, TimeProvider time, ExporterMetrics metrics, ILogger<ProbingContext> logger)
    {
        _logger = logger;
        Options = options.Value;
        Time = time;
        _metrics = metrics;
        _turns = new SemaphoreSlim(Options.MaxConcurrentChecks);
        _channels = new GrpcChannelOptions
        {
            Time = time,
            ConnectTimeout = Options.CheckDeadline,
            MaxMessageBytes = 64 * 1024, // a load report is a few hundred bytes
            ServerCertificateValidation = AnyCertificate,
        };
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = Options.CheckDeadline,
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
        };
        handler.SslOptions.RemoteCertificateValidationCallback = AnyCertificate;
        _http = new HttpMessageInvoker(handler);
    }

    public ExporterOptions Options { get; }

    public TimeProvider Time { get; }

    public IHealthCheck CreateCheck(ProbeTarget target) => target.Probe == Probes.Http
        ? new HttpHealthCheck(_http, target.Address, Options.CheckDeadline, Time)
        : new GrpcHealthCheck(() => new GrpcChannel(target.Address, _channels), Options.CheckDeadline);

    /// <summary>Checks when it is this one's turn, and counts.</summary>
    public async Task<CheckResult> CheckAsync(IHealthCheck check, ProbeTarget target, CancellationToken ct)
    {
        await _turns.WaitAsync(ct);
        try
        {
            var result = await CheckOnceAsync(check, target, ct);
            _metrics.Checked(target.Probe, result.Outcome);
            return result;
        }
        finally
        {
            _turns.Release();
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _turns.Dispose();
    }

    private async Task<CheckResult> CheckOnceAsync(IHealthCheck check, ProbeTarget target, CancellationToken ct)
    {
        try
        {
            return await check.CheckAsync(ct);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // Nothing that one instance answers may end its probing.
            Log.CheckBroken(_logger, target.Address, e);
            return new CheckResult(CheckOutcome.Failed, e.Message);
        }
    }
}
