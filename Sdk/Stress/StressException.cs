namespace Fairway.Sdk.Stress;

/// <summary>A stress request may not use what it asked for; the primary was not touched.</summary>
public sealed class StressException(int status, string code, string message) : Exception(message)
{
    /// <summary>500: nothing stands in for a primary.</summary>
    public const string ShadowMissing = "SHADOW_MISSING";

    /// <summary>503: the request's bucket is not below the threshold, so the cache alone may answer it.</summary>
    public const string CacheOnly = "STRESS_CACHE_ONLY";

    /// <summary>What an HTTP caller gets.</summary>
    public int Status { get; } = status;

    /// <summary><see cref="ShadowMissing"/> or <see cref="CacheOnly"/>.</summary>
    public string Code { get; } = code;

    internal static StressException Missing(string what) =>
        new(500, ShadowMissing, $"No shadow is registered for {what}; a stress request never touches the primary.");

    internal static StressException OverThreshold(string service) =>
        new(503, CacheOnly, $"This stress request is over the threshold of '{service}' and may use the cache alone.");
}
