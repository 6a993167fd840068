using System.Buffers;
using System.Collections.Immutable;

namespace Fairway.Core.Lanes;

/// <summary>
/// What a request carries from the entry to its last hop: the lane it asks for, whether it is a stress request, and the addresses
/// that are going offline. The three travel together under one signature, see <see cref="LabelKeys"/>. Immutable.
/// </summary>
public sealed class Label : IEquatable<Label>
{
    /// <summary>Longest lane of a label, in characters.</summary>
    public const int MaxLength = 64;

    /// <summary>Most addresses a label names.</summary>
    public const int MaxOffline = 32;

    /// <summary>No lane, no stress, nothing going offline.</summary>
    public static readonly Label None = new(null, false, []);

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    private readonly string? _offlineText;

    private Label(string? lane, bool stress, ImmutableArray<string> offline, string? offlineText = null, string? signature = null)
    {
        Lane = lane;
        Stress = stress;
        Offline = offline;
        _offlineText = offlineText;
        Signature = signature;
    }

    /// <summary>The lane asked for; null for base.</summary>
    public string? Lane { get; }

    /// <summary>Whether this is a request of a stress test. Never changes where it goes.</summary>
    public bool Stress { get; }

    /// <summary>Addresses (<c>ip:port</c>) that are going offline, each once; routers never pick them.</summary>
    public ImmutableArray<string> Offline { get; }

    /// <summary>The value of <see cref="LabelHeaders.Offline"/>, as it is signed; empty for none.</summary>
    public string OfflineText => _offlineText ?? string.Join(',', Offline);

    /// <summary>The signature this label came with and was verified by; null for one made in this process.</summary>
    public string? Signature { get; }

    public bool IsEmpty => Lane is null && !Stress && Offline.IsEmpty;

    /// <summary>Whether a text has the form of a lane label: 1-64 of <c>A-Za-z0-9._-</c>.</summary>
    public static bool IsValid(ReadOnlySpan<char> label) =>
        label.Length is > 0 and <= MaxLength && !label.ContainsAnyExcept(Allowed);

    /// <summary>Makes a label in this process; what leaves it is signed then.</summary>
    /// <param name="lane">Null or empty for base.</param>
    /// <param name="stress">Whether this is a request of a stress test.</param>
    /// <param name="offline">Addresses going offline; repeats are dropped.</param>
    /// <exception cref="ArgumentException">The lane or an address has a bad form, or there are over <see cref="MaxOffline"/> addresses.</exception>
    public static Label Of(string? lane, bool stress = false, params IEnumerable<string> offline)
    {
        ArgumentNullException.ThrowIfNull(offline);
        lane = string.IsNullOrEmpty(lane) ? null : lane;
        if (lane is not null && !IsValid(lane))
        {
            throw new ArgumentException($"'{lane}' is no lane label: 1-{MaxLength} of A-Za-z0-9._-.", nameof(lane));
        }

        var addresses = offline.Distinct(StringComparer.Ordinal).ToImmutableArray();
        if (addresses.Length > MaxOffline || addresses.FirstOrDefault(address => !IpPort.IsValid(address)) is not null)
        {
            throw new ArgumentException($"At most {MaxOffline} addresses, each of the form ip:port.", nameof(offline));
        }

        return lane is null && !stress && addresses.IsEmpty ? None : new Label(lane, stress, addresses);
    }

    /// <summary>This label with another lane; null or empty is base.</summary>
    /// <exception cref="ArgumentException">The lane has a bad form.</exception>
    public Label WithLane(string? lane) =>
        string.Equals(string.IsNullOrEmpty(lane) ? null : lane, Lane, StringComparison.Ordinal) ? this : Of(lane, Stress, Offline);

    /// <summary>This label with one more address going offline; this one where it is named already, or the list is full.</summary>
    public Label WithOffline(string address) =>
        Offline.Contains(address) || Offline.Length == MaxOffline ? this : Of(Lane, Stress, Offline.Add(address));

    /// <summary>This label as one made in this process, for where it is kept longer than a signature holds: it is signed anew when it leaves.</summary>
    public Label WithoutSignature() => Signature is null ? this : Of(Lane, Stress, Offline);

    /// <summary>Equal when they carry the same, whoever signed it.</summary>
    public bool Equals(Label? other) =>
        other is not null && Lane == other.Lane && Stress == other.Stress && Offline.AsSpan().SequenceEqual(other.Offline.AsSpan());

    public override bool Equals(object? obj) => Equals(obj as Label);

    public override int GetHashCode() => HashCode.Combine(Lane, Stress, Offline.Length);

    public override string ToString() =>
        IsEmpty ? "no label" : $"{Lane ?? "base"}{(Stress ? ", stress" : "")}{(Offline.IsEmpty ? "" : $", {Offline.Length} offline")}";

    /// <summary>A label as it was read; the text is kept as it was signed, repeats included.</summary>
    internal static Label Read(string? lane, bool stress, ImmutableArray<string> offline, string offlineText, string? signature) =>
        new(lane, stress, offline, offlineText, signature);
}
