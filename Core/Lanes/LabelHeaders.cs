namespace Fairway.Core.Lanes;

/// <summary>What labels travel in, in HTTP headers, gRPC metadata, message headers and grain calls alike.</summary>
public static class LabelHeaders
{
    /// <summary>The lane: 1-64 of <c>A-Za-z0-9._-</c>.</summary>
    public const string FlowType = "x-infr-flowtype";

    /// <summary><c>1</c> marks a request of a stress test.</summary>
    public const string Stress = "x-infr-stress";

    /// <summary>Addresses going offline: <c>ip:port</c>, at most 32, separated by commas.</summary>
    public const string Offline = "x-infr-offline";

    /// <summary><c>{kid}.{exp}.{base64url HMAC-SHA256}</c> over the other three, see <see cref="LabelKeys"/>.</summary>
    public const string Signature = "x-lane-sig";

    /// <summary>
    /// In a request, whatever its value: asks every hop where it sent the request, heard with a verified label, and by the edge from
    /// testers. In an answer: a line for each decision, see <see cref="RouteWords.Line"/>.
    /// </summary>
    public const string Why = "x-fairway-why";

    /// <summary>W3C baggage: values for others to see, never read from there.</summary>
    public const string Baggage = "baggage";

    /// <summary>The member of <see cref="Baggage"/> with the lane.</summary>
    public const string LaneMember = "lane";

    /// <summary>The member of <see cref="Baggage"/> with the stress mark.</summary>
    public const string StressMember = "stress";

    /// <summary>Every header that belongs to a label.</summary>
    public static readonly IReadOnlyList<string> All = [FlowType, Stress, Offline, Signature];
}
