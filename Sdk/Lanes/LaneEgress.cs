using System.Diagnostics;
using System.Net.Http.Headers;
using Fairway.Core.Lanes;
using Microsoft.Extensions.Options;

namespace Fairway.Sdk.Lanes;

/// <summary>Lets labels out: all of one together, signed, and only to hosts of the allow list.</summary>
public sealed class LaneEgress
{
    /// <summary>Set on requests to an address that was picked from the registry: such a host is ours, whatever the allow list says.</summary>
    public static readonly HttpRequestOptionsKey<bool> InHouse = new("fairway.in-house");

    private readonly LabelKeys _keys;
    private readonly AllowedHosts _hosts;
    private readonly TimeSpan _life;
    private readonly TimeSpan _renew;
    private readonly TimeProvider _clock;
    private readonly LaneMetrics _metrics;

    internal LaneEgress(IOptions<LaneOptions> options, TimeProvider clock, LaneMetrics metrics)
    {
        _keys = options.Value.Ring();
        _hosts = new AllowedHosts(options.Value.AllowedHosts);
        _life = TimeSpan.FromSeconds(options.Value.SignatureSeconds);
        _renew = TimeSpan.FromSeconds(options.Value.RenewSeconds);
        _clock = clock;
        _metrics = metrics;
    }

    /// <summary>Whether labels may be sent there.</summary>
    public bool Allows(Uri destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        return _hosts.Allows(destination);
    }

    /// <summary>
    /// The headers of a label as it leaves: those with a value, and the signature. Empty where there is no label, or no key to
    /// sign it with. A signature that came with it is passed on while it is good; one made here or about to end is made anew.
    /// </summary>
    public IReadOnlyList<KeyValuePair<string, string>> HeadersOf(Label label)
    {
        ArgumentNullException.ThrowIfNull(label);
        if (label.IsEmpty || SignatureOf(label) is not { } signature)
        {
            return [];
        }

        List<KeyValuePair<string, string>> headers = new(4);
        if (label.Lane is { } lane)
        {
            headers.Add(new(LabelHeaders.FlowType, lane));
        }

        if (label.Stress)
        {
            headers.Add(new(LabelHeaders.Stress, "1"));
        }

        if (!label.Offline.IsEmpty)
        {
            headers.Add(new(LabelHeaders.Offline, label.OfflineText));
        }

        headers.Add(new(LabelHeaders.Signature, signature));
        return headers;
    }

    /// <summary>Makes a request carry the current label, or nothing of any label where it leaves the house. Whatever stood there before goes.</summary>
    internal void Apply(HttpRequestMessage request)
    {
        var headers = request.Headers;
        foreach (var name in LabelHeaders.All)
        {
            headers.Remove(name);
        }

        var label = LaneContext.Current;
        var allowed = request.RequestUri is { } uri && ((request.Options.TryGetValue(InHouse, out var ours) && ours) || Allows(uri));
        if (!allowed)
        {
            headers.Remove(LabelHeaders.Why);
            if (!label.IsEmpty)
            {
                _metrics.Withheld("foreign");
            }

            WriteBaggage(headers, Label.None);
            return;
        }

        var values = HeadersOf(label);
        foreach (var (name, value) in values)
        {
            headers.TryAddWithoutValidation(name, value);
        }

        WriteBaggage(headers, values.Count > 0 ? label : Label.None);
    }

    private string? SignatureOf(Label label)
    {
        var now = _clock.GetUtcNow();
        if (label.Signature is { } came && LabelKeys.ExpiryOf(came) - now > (_keys.CanSign ? _renew : TimeSpan.Zero))
        {
            return came;
        }

        if (_keys.CanSign)
        {
            return _keys.Sign(label, now + _life);
        }

        _metrics.Withheld("unsigned");
        return null;
    }

    /// <summary>
    /// The runtime itself would write the activity's baggage below this, unless the header is there: so where our members are
    /// concerned, the whole header is written here.
    /// </summary>
    private static void WriteBaggage(HttpRequestHeaders headers, Label label)
    {
        var set = headers.TryGetValues(LabelHeaders.Baggage, out var values) ? string.Join(',', values) : null;
        var activity = Activity.Current;
        var tainted = set is not null || (activity is not null && activity.Baggage.Any(item => Baggage.IsOurs(item.Key)));
        if (!tainted && label is { Lane: null, Stress: false })
        {
            return;
        }

        var others = set is not null
            ? Baggage.Without(set)
            : activity is null ? null
            : Baggage.Without(string.Join(',', activity.Baggage.Reverse().Select(item => $"{item.Key.Trim()}={Uri.EscapeDataString(item.Value ?? "")}")));
        headers.Remove(LabelHeaders.Baggage);
        if (Baggage.With(others, label) is { } text)
        {
            headers.TryAddWithoutValidation(LabelHeaders.Baggage, text);
        }
        else if (set is null)
        {
            headers.TryAddWithoutValidation(LabelHeaders.Baggage, ""); // else the runtime writes ours
        }
    }
}
