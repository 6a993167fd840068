using System.Diagnostics.Metrics;
using Fairway.Sdk.Load;

namespace Fairway.Sdk;

/// <summary>Metrics of the Sdk, meter <c>Fairway.Sdk</c>.</summary>
internal sealed class SdkMetrics
{
    public const string MeterName = "Fairway.Sdk";

    private readonly Counter<long> _loadReports;
    private readonly Counter<long> _healthChecks;

    public SdkMetrics(IMeterFactory factory, RequestMeter requests)
    {
        var meter = factory.Create(MeterName);
        _loadReports = meter.CreateCounter<long>("fairway_sdk_load_reports_total", "{report}", "Load reports sent.");
        _healthChecks = meter.CreateCounter<long>("fairway_sdk_health_checks_total", "{check}", "Health checks answered.");
        meter.CreateObservableGauge(
            "fairway_sdk_requests_in_flight", () => requests.InFlight, "{request}", "Requests being served.");
    }

    public void LoadReported() => _loadReports.Add(1);

    public void HealthChecked() => _healthChecks.Add(1);
}
