using System.Diagnostics.Metrics;
using Fairway.Sdk.Load;
using Fairway.Sdk.Registration;

namespace Fairway.Sdk;

/// <summary>Metrics of the Sdk, meter <c>Fairway.Sdk</c>.</summary>
internal sealed class SdkMetrics
{
    public const string MeterName = "Fairway.Sdk";

    private readonly Counter<long> _loadReports;
    private readonly Counter<long> _healthChecks;
    private readonly Counter<long> _registrations;

    public SdkMetrics(IMeterFactory factory, RequestMeter requests, FairwayInstance instance)
    {
        var meter = factory.Create(MeterName);
        _loadReports = meter.CreateCounter<long>("fairway_sdk_load_reports_total", "{report}", "Load reports sent.");
        _healthChecks = meter.CreateCounter<long>("fairway_sdk_health_checks_total", "{check}", "Health checks answered.");
        _registrations = meter.CreateCounter<long>(
            "fairway_sdk_registration_attempts_total", "{attempt}", "Attempts to register, by result: registered, refused, away.");
        meter.CreateObservableGauge(
            "fairway_sdk_requests_in_flight", () => requests.InFlight, "{request}", "Requests being served.");
        meter.CreateObservableGauge(
            "fairway_sdk_registered",
            () => instance.State is RegistrationState.Registered or RegistrationState.Draining ? 1 : 0,
            "{instance}",
            "1 while this instance stands in the registry.");
    }

    public void LoadReported() => _loadReports.Add(1);

    public void HealthChecked() => _healthChecks.Add(1);

    public void Attempted(string result) => _registrations.Add(1, new KeyValuePair<string, object?>("result", result));
}
