using System.Diagnostics.Metrics;

namespace Fairway.Sdk.Registration;

/// <summary>How this process stands with the registry, meter <see cref="SdkMetrics.MeterName"/>.</summary>
internal sealed class RegistrationMetrics
{
    private readonly Counter<long> _attempts;

    public RegistrationMetrics(IMeterFactory factory, FairwayInstance instance)
    {
        var meter = factory.Create(SdkMetrics.MeterName);
        _attempts = meter.CreateCounter<long>(
            "fairway_sdk_registration_attempts_total", "{attempt}", "Attempts to register, by result: registered, refused, away.");
        meter.CreateObservableGauge(
            "fairway_sdk_registered",
            () => instance.State is RegistrationState.Registered or RegistrationState.Draining ? 1 : 0,
            "{instance}",
            "1 while this instance stands in the registry.");
    }

    public void Attempted(string result) => _attempts.Add(1, new KeyValuePair<string, object?>("result", result));
}
